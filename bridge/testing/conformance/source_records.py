"""The promises of a source about what it reads."""

# ruff: noqa: S101  # a suite asserts

from dataclasses import replace

import pytest

from bridge.api import (
    Client,
    Days,
    Header,
    Invoice,
    InvoiceState,
    Kind,
    Missing,
    Money,
    Prices,
    RecordClass,
    Source,
    SourceRef,
    client_ref,
    invoice_ref,
    minor_digits,
    token_of,
    total,
)
from bridge.testing.conformance.exemptions import Suite

NOBODY = "987654321"
"""An id that no far side has."""


class SourceRecords(Suite):
    """Invoices, clients, money: complete, exact, in the order asked for."""

    @pytest.fixture
    def invoices(self, source: Source, scanned: list[Header]) -> list[Invoice]:
        """Each invoice of the far side that can be read."""
        answers = source.invoices([row.ref for row in scanned])
        return [each for each in answers if isinstance(each, Invoice)]

    def test_the_system_says_what_it_is(self, source: Source) -> None:
        """`check` names the system, and learns its base currency."""
        assert source.check().system.strip()
        assert minor_digits(source.base_currency) >= 0
        assert source.label.isalnum()

    def test_the_survey_tells_what_is_in_use(self, source: Source, invoices: list[Invoice]) -> None:
        """Every currency of an invoice is in it, and the base currency is the source's."""
        survey = source.survey()
        assert survey.base_currency == source.base_currency
        assert {invoice.currency for invoice in invoices} <= set(survey.currencies)
        assert survey.gateways
        assert all(survey.gateways.values())

    # One answer for each -----------------------------------------------------------------------

    def test_invoices_are_answered_one_for_each_in_the_order_asked(
        self, source: Source, scanned: list[Header]
    ) -> None:
        """Backwards, with one that does not exist in the middle and one asked for twice."""
        refs = [row.ref for row in reversed(scanned[:20])]
        asked = [*refs[:3], invoice_ref(NOBODY), *refs[3:], refs[0]]
        answers = list(source.invoices(asked))
        assert [answer.ref for answer in answers] == asked
        missing = answers[3]
        assert isinstance(missing, Missing)
        assert missing.gone
        assert missing.why

    def test_clients_are_answered_one_for_each_in_the_order_asked(
        self, source: Source, scanned: list[Header]
    ) -> None:
        """As for invoices."""
        refs = list(dict.fromkeys(row.client for row in reversed(scanned)))[:10]
        asked = [*refs[:1], client_ref(NOBODY), *refs[1:]]
        answers = list(source.clients(asked))
        assert [answer.ref for answer in answers] == asked
        missing = answers[1]
        assert isinstance(missing, Missing)
        assert missing.gone
        assert any(isinstance(answer, Client) for answer in answers)

    def test_asking_for_nothing_answers_nothing(self, source: Source) -> None:
        """An empty batch is no error."""
        assert list(source.invoices([])) == []
        assert list(source.clients([])) == []
        assert list(source.transactions([])) == []

    def test_reading_twice_gives_equal_records(self, source: Source, scanned: list[Header]) -> None:
        """And so equal fingerprints: a re-read alone never looks like a change."""
        refs = [row.ref for row in scanned]
        first, second = list(source.invoices(refs)), list(source.invoices(refs))
        assert first == second
        for one, other in zip(first, second, strict=True):
            if isinstance(one, Invoice) and isinstance(other, Invoice):
                assert one.fingerprint() == other.fingerprint()
                assert one.money_fingerprint() == other.money_fingerprint()

    # Whole and exact -----------------------------------------------------------------------------

    def test_a_header_agrees_with_its_invoice(
        self, scanned: list[Header], invoices: list[Invoice]
    ) -> None:
        """What the scan's row decides unread is what the whole invoice would decide."""
        rows = {row.ref: row for row in scanned}
        for invoice in invoices:
            row = rows[invoice.ref]
            shown = replace(row, fingerprint=None)
            assert shown == Header(
                ref=invoice.ref,
                client=invoice.client,
                number=invoice.number,
                state=invoice.state,
                status=invoice.status,
                issued=invoice.issued,
                paid_on=invoice.paid_on,
                gross=invoice.gross,
                fingerprint=None,
            )

    def test_refs_and_numbers_are_usable(self, source: Source, invoices: list[Invoice]) -> None:
        """Kinds are right, a key can carry the ids, a number is never empty."""
        for invoice in invoices:
            assert invoice.ref.kind is Kind.INVOICE
            assert invoice.client.kind is Kind.CLIENT
            assert token_of(source.label, invoice.ref)
            assert token_of(source.label, invoice.client)
            assert invoice.number
            assert len({line.id for line in invoice.lines}) == len(invoice.lines)

    def test_money_is_of_one_currency_and_adds_up(self, invoices: list[Invoice]) -> None:
        """Lines sum to the net, or to the gross where prices contain tax, unless it is held."""
        for invoice in invoices:
            for amount in _amounts(invoice):
                assert amount.currency == invoice.currency, invoice.ref
            assert invoice.gross == invoice.net + invoice.tax + invoice.tax2
            if invoice.holds:
                continue
            stated = invoice.net if invoice.prices is Prices.EXCLUSIVE else invoice.gross
            lines = total((line.amount for line in invoice.lines), invoice.currency)
            assert lines == stated, f"{invoice.ref}: lines {lines}, stated {stated}"

    def test_a_hold_says_what_and_what_to_do(self, invoices: list[Invoice]) -> None:
        """What the source itself found is told in words."""
        for invoice in invoices:
            assert all(hold.what and hold.remedy for hold in invoice.holds)

    def test_the_money_on_an_invoice_is_its_clients(self, invoices: list[Invoice]) -> None:
        """Each transaction stands once, and is of this invoice or returns money of it."""
        for invoice in invoices:
            ids = [row.id for row in invoice.transactions]
            assert len(set(ids)) == len(ids)
            for row in invoice.transactions:
                assert row.client in {invoice.client, None}
                assert row.invoice == invoice.ref or row.refund_of in ids

    def test_a_paid_invoice_was_paid_by_something(self, invoices: list[Invoice]) -> None:
        """Some paid invoice shows the money, or the far side has nothing to test with."""
        paid = [row for row in invoices if row.state is InvoiceState.PAID]
        assert any(row.transactions for row in paid)

    def test_transactions_of_clients_cover_those_on_their_invoices(
        self, source: Source, invoices: list[Invoice]
    ) -> None:
        """And belong to the clients asked for, and to no other."""
        clients = list(dict.fromkeys(row.client for row in invoices if row.transactions))[:5]
        rows = list(source.transactions(clients))
        assert all(row.client in clients for row in rows)
        on_invoices = {
            row.id for each in invoices if each.client in clients for row in each.transactions
        }
        assert on_invoices <= {row.id for row in rows}

    def test_balances_are_of_the_clients_asked_for(
        self, source: Source, invoices: list[Invoice]
    ) -> None:
        """In the currency that the client is billed in, each row once."""
        currencies = {row.client: row.currency for row in invoices}
        rows = list(source.balances(list(currencies)))
        assert len({row.id for row in rows}) == len(rows)
        for row in rows:
            assert row.amount.currency == currencies[row.client]
        assert list(source.balances([])) == []

    def test_the_balances_it_keeps_are_all_that_moved(
        self, source: Source, invoices: list[Invoice]
    ) -> None:
        """Each client once, with the same movements as when the client is asked for."""
        assert source.client_balances_cost() >= 0
        kept = list(source.client_balances())
        assert len({row.client for row in kept}) == len(kept)
        for row in kept:
            assert list(row.entries) == list(source.balances([row.client]))
            assert {each.amount.currency for each in row.entries} <= {row.amount.currency}
        asked = {row.client for row in source.balances([row.client for row in invoices])}
        assert asked <= {row.client for row in kept}

    # Reconciliation ------------------------------------------------------------------------------

    def test_records_cover_every_document_and_payment(
        self, source: Source, invoices: list[Invoice]
    ) -> None:
        """One row an invoice with its figures, one row a payment with its amount."""
        bills = [row for row in invoices if row.issued and row.state is not InvoiceState.DRAFT]
        issued = sorted(row.issued for row in bills if row.issued)
        days = Days(issued[0], issued[-1])
        assert source.records_cost(days) > 0
        rows = list(source.records(days))
        of_bills = {RecordClass.INVOICE, RecordClass.PREPAYMENT, RecordClass.SETTLEMENT}
        documents = {row.token: row for row in rows if row.record_class in of_bills}
        for bill in bills:
            row = documents[self._token(source, bill.ref)]
            assert (row.net, row.tax) == (bill.net, bill.tax + bill.tax2)
            assert (row.date, row.state) == (bill.issued, bill.state)
        for row in rows:
            assert row.date in days or (row.paid_on and row.paid_on in days)

    @staticmethod
    def _token(source: Source, ref: SourceRef) -> str:
        return token_of(source.label, ref)


def _amounts(invoice: Invoice) -> list[Money]:
    amounts = [invoice.net, invoice.tax, invoice.tax2, invoice.credit]
    amounts += [line.amount for line in invoice.lines]
    for row in invoice.transactions:
        amounts += [row.money_in, row.money_out, row.fee]
    return amounts
