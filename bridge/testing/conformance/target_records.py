"""The promises of a target about the records that it writes and finds."""

# ruff: noqa: S101  # a suite asserts

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bridge.api import (
    AmbiguousMatchError,
    Days,
    RecordClass,
    RecordRejectedError,
    Reference,
    SourceRef,
    Target,
    invoice_ref,
    token_of,
)
from bridge.testing.builders import DAY
from bridge.testing.conformance.exemptions import Suite, about, given
from bridge.testing.conformance.target_writer import LABEL, TargetWriter


def _token(ref: SourceRef) -> str:
    return token_of(LABEL, ref)


class TargetRecords(Suite):
    """Creating, finding, listing, changing, removing."""

    def test_the_system_says_what_it_is(self, target: Target) -> None:
        """`check` names the system, and `prepare` learns the home currency."""
        assert target.check().system.strip()
        assert target.home_currency

    # Clients ---------------------------------------------------------------------------------

    def test_a_client_is_found_by_its_key(self, writer: TargetWriter) -> None:
        """`find_client` sees what `create_client` made, and nothing before it was made."""
        client = writer.a_client()
        payload = writer.compose_client(client)
        assert writer.target.find_client(payload) is None
        made = writer.target.create_client(payload)
        found = writer.target.find_client(payload)
        assert found is not None
        assert found.id == made.id

    def test_a_client_stands_there_as_it_was_sent(self, writer: TargetWriter) -> None:
        """The listed client shows the fields of its payload in the same form.

        Otherwise every run would take it for changed, and update it for ever.
        """
        made = writer.create_client()
        [found] = writer.clients(_token(made.client.ref))
        assert found.ref == made.ref
        assert found.key == made.payload.natural_key
        assert found.currency == made.client.currency
        assert found.emails == (made.client.email.lower(),)
        assert {name: found.body.get(name) for name in made.payload.body} == made.payload.body
        assert found.guarded == (made.payload.guarded or {})

    def test_a_client_is_made_once(self, writer: TargetWriter) -> None:
        """`create_client` is refused where the natural key exists."""
        made = writer.create_client()
        with pytest.raises(RecordRejectedError):
            writer.target.create_client(made.payload)
        assert len(writer.clients(_token(made.client.ref))) == 1

    def test_an_update_brings_a_client_to_its_payload(self, writer: TargetWriter) -> None:
        """`update_client` changes what is ours; afterwards the client shows the new payload."""
        made = writer.create_client()
        moved = replace(made.client, town="York", address=("2 Low Road",), email="new@acme.example")
        payload = writer.compose_client(moved)
        writer.target.update_client(made.ref, payload)
        [found] = writer.clients(_token(moved.ref))
        assert (found.ref, found.key) == (made.ref, made.payload.natural_key)
        assert {name: found.body.get(name) for name in payload.body} == payload.body

    def test_an_update_keeps_what_is_not_ours(self, writer: TargetWriter) -> None:
        """A field that bridge does not know is the same after an update and an adoption."""
        foreign = given(writer.stand.foreign, "foreign")
        made = writer.create_client()
        foreign.write(made.ref, "rings on Fridays")
        writer.target.update_client(
            made.ref, writer.compose_client(replace(made.client, town="York"))
        )
        assert foreign.read(made.ref) == "rings on Fridays"
        writer.target.adopt_client(made.ref, writer.compose_client(writer.a_client()))
        assert foreign.read(made.ref) == "rings on Fridays"

    @about("adoption")
    def test_adopting_marks_a_client_and_changes_nothing_else(self, writer: TargetWriter) -> None:
        """After `adopt_client` the client carries our key; its code and its data are its own."""
        theirs = writer.create_client()
        [before] = writer.clients(_token(theirs.client.ref))
        ours = writer.a_client(email="someone.else@acme.example")
        writer.target.adopt_client(theirs.ref, writer.compose_client(ours))
        [after] = writer.clients(_token(ours.ref))
        assert (after.ref, after.key, after.name) == (before.ref, before.key, before.name)
        assert after.emails == before.emails
        changed = {name for name in after.body if after.body[name] != before.body.get(name)}
        assert all(_token(ours.ref) in str(after.body[name]) for name in changed)

    @about("adoption")
    def test_updating_an_adopted_client_keeps_its_code(self, writer: TargetWriter) -> None:
        """The code of an adopted client is a person's, and other papers name it."""
        theirs = writer.create_client()
        ours = writer.a_client()
        payload = writer.compose_client(ours)
        writer.target.adopt_client(theirs.ref, payload)
        writer.target.update_client(theirs.ref, payload)
        [after] = writer.clients(_token(ours.ref))
        assert (after.key, after.name) == (theirs.payload.natural_key, ours.name)

    # Documents -------------------------------------------------------------------------------

    def test_an_invoice_is_found_and_reads_back_to_the_penny(self, writer: TargetWriter) -> None:
        """What stands there shows the figures, lines and reference that the payload promised."""
        nets = ("100.00", "0.01", "33.33", "-12.34", "1999.99")
        made = writer.create_sale(lines=[writer.a_line(net) for net in nets])
        [shown] = writer.documents(_token(made.sale.ref))
        assert shown.ref.id == made.ref.id
        assert shown.client.id == made.client_ref.id
        assert shown.reference == made.payload.reference == str(made.sale.reference)
        assert shown.date == made.payload.date == made.sale.date
        assert shown.currency == made.sale.currency
        assert (shown.net, shown.tax) == (made.payload.net, made.payload.tax)
        assert (shown.net, shown.tax) == (made.sale.net, made.sale.tax)
        assert not shown.paid
        if shown.lines:
            assert shown.lines == made.payload.lines
        found = writer.target.find_invoice(
            made.sale.reference, client=made.client_ref, day=made.sale.date
        )
        assert found is not None
        assert (found.ref.id, found.net, found.tax) == (shown.ref.id, shown.net, shown.tax)

    def test_an_invoice_of_many_lines_is_whole(self, writer: TargetWriter) -> None:
        """A hundred and twenty lines go and come back in order."""
        lines = [writer.a_line(f"{n}.{n % 100:02}", description=f"Line {n}") for n in range(1, 121)]
        made = writer.create_sale(lines=lines)
        [shown] = writer.documents(_token(made.sale.ref))
        assert (shown.net, shown.tax) == (made.sale.net, made.sale.tax)
        if shown.lines:
            assert shown.lines == made.payload.lines

    def test_a_reference_is_matched_as_a_whole_word(self, writer: TargetWriter) -> None:
        """KIT-40 is neither KIT-401 nor KIT-40/1: half a key must never find a record."""
        client = writer.create_client()
        short = writer.new_id()
        longer = writer.create_sale(client, invoice=f"{short}7")
        for invoice in (short, f"{short}77", "7"):
            reference = Reference(_token(invoice_ref(invoice)))
            assert writer.target.find_invoice(reference, client=client.ref, day=DAY) is None
        made = writer.create_sale(client, invoice=short)
        found = writer.target.find_invoice(made.sale.reference, client=client.ref, day=DAY)
        assert found is not None
        assert found.ref.id == made.ref.id != longer.ref.id

    def test_two_documents_with_one_reference_are_never_chosen_from(
        self, writer: TargetWriter
    ) -> None:
        """`find_invoice` raises where the key is there twice."""
        made = writer.create_sale()
        writer.target.create_invoice(made.payload, client=made.client_ref)
        with pytest.raises(AmbiguousMatchError) as caught:
            writer.target.find_invoice(made.sale.reference, client=made.client_ref, day=DAY)
        assert caught.value.remedy

    def test_documents_of_a_range_include_both_of_its_days(self, writer: TargetWriter) -> None:
        """Of five days in a row the middle three are listed, and the days beside them are not."""
        client = writer.create_client()
        days = [DAY + dt.timedelta(days=offset) for offset in range(-2, 3)]
        made = [writer.create_sale(client, date=day, due=day) for day in days]
        listed = writer.target.documents([Days(days[1], days[3])])
        found = {each.ref.id for each in listed if each.client.id == client.ref.id}
        assert found == {each.ref.id for each in made[1:4]}

    def test_documents_are_listed_by_client_on_any_day(self, writer: TargetWriter) -> None:
        """A client's documents come whatever their day, and without those of others."""
        mine = writer.create_client()
        old = writer.create_sale(mine, date=DAY - dt.timedelta(days=400))
        new = writer.create_sale(mine)
        other = writer.create_sale()
        found = {each.ref.id for each in writer.target.documents([], [mine.ref])}
        assert found == {old.ref.id, new.ref.id}
        both = {each.ref.id for each in writer.target.documents([], [mine.ref, other.client_ref])}
        assert both == {old.ref.id, new.ref.id, other.ref.id}

    @about("foreign_currency")
    def test_a_foreign_invoice_keeps_its_own_currency(self, writer: TargetWriter) -> None:
        """Lines are in the invoice's currency, and what is paid equals what the payment sent."""
        client = writer.create_client(writer.a_client(currency=writer.stand.foreign_currency))
        made = writer.create_sale(client)
        paid = writer.create_payment(made)
        [shown] = writer.documents(_token(made.sale.ref))
        assert shown.currency == writer.stand.foreign_currency
        assert (shown.net, shown.tax) == (made.sale.net, made.sale.tax)
        assert shown.paid == paid.payload.net
        assert paid.payload.paid == made.sale.gross

    # All of it -------------------------------------------------------------------------------

    def test_records_show_each_document_and_payment_once(self, writer: TargetWriter) -> None:
        """Reconciliation sees both with their keys and figures."""
        made = writer.create_sale()
        paid = writer.create_payment(made)
        rows = list(writer.target.records(Days(DAY, DAY)))
        [document] = [row for row in rows if row.token == _token(made.sale.ref)]
        assert document.record_class is RecordClass.INVOICE
        assert (document.net, document.tax) == (made.sale.net, made.sale.tax)
        [payment] = [row for row in rows if row.token == paid.payment.reference.token]
        assert payment.record_class is RecordClass.PAYMENT
        assert payment.net == paid.payload.net

    @about("removal")
    def test_what_was_written_can_be_taken_back(self, writer: TargetWriter) -> None:
        """`remove` undoes a payment, then its invoice, then its client."""
        client = writer.create_client()
        made = writer.create_sale(client)
        paid = writer.create_payment(made)
        writer.target.remove(paid.ref, document=made.ref)
        assert writer.target.find_payment(paid.payment.reference, document=made.ref) is None
        writer.target.remove(made.ref)
        assert not writer.documents(_token(made.sale.ref))
        writer.target.remove(client.ref)
        assert not writer.clients(_token(client.client.ref))

    def test_several_threads_may_write_at_once(self, writer: TargetWriter) -> None:
        """Eight clients written by four threads are eight clients."""
        clients = [writer.a_client() for _ in range(8)]
        with ThreadPoolExecutor(4) as pool:
            made = list(pool.map(writer.create_client, clients))
        assert len({each.ref.id for each in made}) == len(clients)
        for client in clients:
            assert len(writer.clients(_token(client.ref))) == 1
