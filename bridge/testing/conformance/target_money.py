"""The promises of a target about payments, credit notes and movements."""

# ruff: noqa: S101  # a suite asserts

import datetime as dt

import pytest

from bridge.api import AmbiguousMatchError, Days, Money, Reference, token_of, total
from bridge.model.keys import Key, Role
from bridge.testing.builders import a_credit_note, a_movement
from bridge.testing.conformance.exemptions import Suite, about
from bridge.testing.conformance.target_writer import LABEL, Desk, payload_of


class TargetMoney(Suite):
    """Money is set once, found by its key, and adds up."""

    def test_several_payments_are_listed_and_add_up(self, desk: Desk) -> None:
        """Each is found by its own key, with its day and text; the document shows their sum."""
        made = desk.create_sale()
        first = desk.create_payment(made, desk.money("50.00"))
        second = desk.create_payment(made, desk.money("70.00"), [first.payload])
        for payment in (first, second):
            found = desk.target.find_payment(payment.payment.reference, document=made.ref)
            assert found is not None
            assert found.ref.id == payment.ref.id
            assert found.note == payment.payload.reference == str(payment.payment.reference)
            assert (found.amount, found.date) == (payment.payload.net, payment.payload.date)
        assert len(list(desk.target.payments(made.ref))) == 2
        [shown] = desk.documents(token_of(LABEL, made.sale.ref))
        assert shown.paid == total(
            (each.payload.net for each in (first, second) if each.payload.net), shown.paid.currency
        )

    def test_a_payment_is_matched_as_a_whole_word(self, desk: Desk) -> None:
        """One transaction that pays two invoices is two payments, each found on its own."""
        made = desk.create_sale()
        payment = desk.create_payment(made).payment
        token = payment.reference.token
        for wrong in (token[:-1], f"{token}1", token.replace("-T", "-T1", 1)):
            assert desk.target.find_payment(Reference(wrong), document=made.ref) is None

    def test_two_payments_with_one_reference_are_never_chosen_from(self, desk: Desk) -> None:
        """`find_payment` raises where the key is there twice."""
        made = desk.create_sale()
        half = desk.create_payment(made, desk.money("60.00"))
        desk.target.create_payment(half.payload, document=made.ref)
        with pytest.raises(AmbiguousMatchError):
            desk.target.find_payment(half.payment.reference, document=made.ref)

    @about("credit_notes")
    def test_a_credit_note_lowers_its_original_once(self, desk: Desk) -> None:
        """It is a negative document of its own; applying it twice is applying it once."""
        made = desk.create_sale()
        note = a_credit_note(
            desk.new_id(),
            original=made.sale.ref.id,
            original_number=made.ref.id,
            client=made.sale.client,
            lines=[desk.a_line("-25.00", description="Refund")],
            label=LABEL,
        )
        payload = payload_of(desk.target.compose_credit_note(note))
        ref = desk.target.create_credit_note(payload, client=made.client_ref, original=made.ref)
        found = desk.target.find_invoice(
            note.sale.reference, client=made.client_ref, day=note.sale.date
        )
        assert found is not None
        assert (found.ref.id, found.net, found.tax) == (ref.id, note.sale.net, note.sale.tax)
        for _ in range(2):
            desk.target.apply_credit_note(ref, original=made.ref)
            [shown] = desk.documents(token_of(LABEL, made.sale.ref))
            assert shown.paid == -note.sale.gross

    @about("reversals")
    def test_a_reversal_takes_back_what_was_booked_line_by_line(self, desk: Desk) -> None:
        """Applied, it leaves nothing of the document open; the journal of both is nought."""
        made = desk.create_sale()
        key = Key(Role.REVERSED, made.sale.ref.id)
        reference = Reference(key.token(LABEL), f"reverses {made.ref.id}")
        day = made.sale.date + dt.timedelta(days=40)
        payload = payload_of(
            desk.target.compose_reversal(
                made.payload, reference=reference, date=day, number=made.ref.id
            )
        )
        assert (payload.net, payload.tax) == (-made.sale.net, -made.sale.tax)
        sums: dict[str, Money] = {}
        for each in desk.target.journal(made.payload) + desk.target.journal(payload):
            sums[each.account] = each.amount + sums.get(each.account, each.amount - each.amount)
        assert not any(sums.values())
        note = desk.target.create_credit_note(payload, client=made.client_ref, original=made.ref)
        found = desk.target.find_invoice(reference, client=made.client_ref, day=day)
        assert found is not None
        assert (found.ref.id, found.net, found.tax) == (note.id, payload.net, payload.tax)
        assert found.reference == payload.reference
        desk.target.apply_credit_note(note, original=made.ref)
        [shown] = desk.documents(token_of(LABEL, made.sale.ref))
        assert shown.paid == made.sale.gross

    @about("movements")
    def test_a_movement_is_found_by_its_key(self, desk: Desk) -> None:
        """`find_movement` sees what `create_movement` made."""
        movement = a_movement(
            desk.new_id(), amount=desk.money("-1.95"), gateway=desk.stand.gateway, label=LABEL
        )
        payload = payload_of(desk.target.compose_movement(movement))
        assert desk.target.find_movement(payload) is None
        made = desk.target.create_movement(payload)
        found = desk.target.find_movement(payload)
        assert found is not None
        assert found.id == made.id
        if desk.target.lists_movements:
            days = [Days(movement.date, movement.date)]
            rows = [row for row in desk.target.movements(days) if row.ref.id == made.id]
            [shown] = {row.ref.id: row for row in rows}.values()
            assert shown.reference == payload.reference
            assert (shown.date, shown.amount) == (payload.date, payload.net)
