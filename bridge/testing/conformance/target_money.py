"""The promises of a target about payments, credit notes and movements."""

# ruff: noqa: S101  # a suite asserts

import datetime as dt

import pytest

from bridge.api import AmbiguousMatchError, Days, Money, Reference, token_of, total
from bridge.model.keys import Key, Role
from bridge.testing.builders import a_credit_note, a_movement
from bridge.testing.conformance.exemptions import Suite, about
from bridge.testing.conformance.target_writer import LABEL, TargetWriter, payload_of


class TargetMoney(Suite):
    """Money is set once, found by its key, and adds up."""

    def test_several_payments_are_listed_and_add_up(self, writer: TargetWriter) -> None:
        """Each is found by its own key, with its day and text; the document shows their sum."""
        made = writer.create_sale()
        first = writer.create_payment(made, writer.money("50.00"))
        second = writer.create_payment(made, writer.money("70.00"), [first.payload])
        for payment in (first, second):
            found = writer.target.find_payment(payment.payment.reference, document=made.ref)
            assert found is not None
            assert found.ref.id == payment.ref.id
            assert found.note == payment.payload.reference == str(payment.payment.reference)
            assert (found.amount, found.date) == (payment.payload.net, payment.payload.date)
        assert len(list(writer.target.payments(made.ref))) == 2
        [shown] = writer.documents(token_of(LABEL, made.sale.ref))
        assert shown.paid == total(
            (each.payload.net for each in (first, second) if each.payload.net), shown.paid.currency
        )

    def test_a_payment_is_matched_as_a_whole_word(self, writer: TargetWriter) -> None:
        """One transaction that pays two invoices is two payments, each found on its own."""
        made = writer.create_sale()
        payment = writer.create_payment(made).payment
        token = payment.reference.token
        for wrong in (token[:-1], f"{token}1", token.replace("-T", "-T1", 1)):
            assert writer.target.find_payment(Reference(wrong), document=made.ref) is None

    def test_two_payments_with_one_reference_are_never_chosen_from(
        self, writer: TargetWriter
    ) -> None:
        """`find_payment` raises where the key is there twice."""
        made = writer.create_sale()
        half = writer.create_payment(made, writer.money("60.00"))
        writer.target.create_payment(half.payload, document=made.ref)
        with pytest.raises(AmbiguousMatchError):
            writer.target.find_payment(half.payment.reference, document=made.ref)

    @about("credit_notes")
    def test_a_credit_note_lowers_its_original_once(self, writer: TargetWriter) -> None:
        """It is a negative document of its own; applying it twice is applying it once."""
        made = writer.create_sale()
        note = a_credit_note(
            writer.new_id(),
            original=made.sale.ref.id,
            original_number=made.ref.id,
            client=made.sale.client,
            lines=[writer.a_line("-25.00", description="Refund")],
            label=LABEL,
        )
        payload = payload_of(writer.target.compose_credit_note(note))
        ref = writer.target.create_credit_note(payload, client=made.client_ref, original=made.ref)
        found = writer.target.find_invoice(
            note.sale.reference, client=made.client_ref, day=note.sale.date
        )
        assert found is not None
        assert (found.ref.id, found.net, found.tax) == (ref.id, note.sale.net, note.sale.tax)
        for _ in range(2):
            writer.target.apply_credit_note(ref, original=made.ref)
            [shown] = writer.documents(token_of(LABEL, made.sale.ref))
            assert shown.paid == -note.sale.gross

    @about("reversals")
    def test_a_reversal_takes_back_what_was_booked_line_by_line(self, writer: TargetWriter) -> None:
        """Applied, it leaves nothing of the document open; the journal of both is nought."""
        made = writer.create_sale()
        key = Key(Role.REVERSED, made.sale.ref.id)
        reference = Reference(key.token(LABEL), f"reverses {made.ref.id}")
        day = made.sale.date + dt.timedelta(days=40)
        payload = payload_of(
            writer.target.compose_reversal(
                made.payload, reference=reference, date=day, number=made.ref.id
            )
        )
        assert (payload.net, payload.tax) == (-made.sale.net, -made.sale.tax)
        sums: dict[str, Money] = {}
        for each in writer.target.journal(made.payload) + writer.target.journal(payload):
            sums[each.account] = each.amount + sums.get(each.account, each.amount - each.amount)
        assert not any(sums.values())
        note = writer.target.create_credit_note(payload, client=made.client_ref, original=made.ref)
        found = writer.target.find_invoice(reference, client=made.client_ref, day=day)
        assert found is not None
        assert (found.ref.id, found.net, found.tax) == (note.id, payload.net, payload.tax)
        assert found.reference == payload.reference
        writer.target.apply_credit_note(note, original=made.ref)
        [shown] = writer.documents(token_of(LABEL, made.sale.ref))
        assert shown.paid == made.sale.gross

    @about("movements")
    def test_a_movement_is_found_by_its_key(self, writer: TargetWriter) -> None:
        """`find_movement` sees what `create_movement` made."""
        movement = a_movement(
            writer.new_id(), amount=writer.money("-1.95"), gateway=writer.stand.gateway, label=LABEL
        )
        payload = payload_of(writer.target.compose_movement(movement))
        assert writer.target.find_movement(payload) is None
        made = writer.target.create_movement(payload)
        found = writer.target.find_movement(payload)
        assert found is not None
        assert found.id == made.id
        if writer.target.lists_movements:
            days = [Days(movement.date, movement.date)]
            rows = [row for row in writer.target.movements(days) if row.ref.id == made.id]
            [shown] = {row.ref.id: row for row in rows}.values()
            assert shown.reference == payload.reference
            assert (shown.date, shown.amount) == (payload.date, payload.net)
