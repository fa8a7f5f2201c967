"""The promises of a target about translation, and about text."""

# ruff: noqa: S101  # a suite asserts

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge.api import (
    ConfigError,
    Hold,
    Kind,
    Level,
    Payload,
    Posting,
    Reason,
    Reference,
    Survey,
    token_of,
    total,
)
from bridge.testing.conformance.exemptions import Suite, about, given
from bridge.testing.conformance.fixtures import TargetStand
from bridge.testing.conformance.target_writer import LABEL, TargetWriter

TEXTS = {
    "accents": "Zoë Åström & Søn, Łódź",
    "markup": "Tom & Jerry <b>bold</b> \"quoted\" 'single' ]]> &amp; &#039;",
    "emoji": "Rocket 🚀 plan 日本語 العربية",
    "lines": "First line\nSecond line\r\nThird line",
    "long": " ".join(f"word{number}" for number in range(50)),
    "control": "before \x0b after \x00 end",
    "spaces": "  two  spaces  ",
    "nothing": "",
}


class TargetCompose(Suite):
    """`compose_*`: pure, exact, frozen, and honest about what they do not know."""

    def test_composing_sends_nothing_and_is_the_same_twice(self, writer: TargetWriter) -> None:
        """`compose_*` are pure once `prepare` was called: no call, no memory."""
        calls = given(writer.stand.calls, "calls")
        before = list(calls())
        client = writer.a_client()
        sale = writer.a_sale(client)
        payment = writer.a_payment(sale)
        first, second = (
            (
                writer.compose_client(client),
                writer.compose_sale(sale),
                writer.compose_payment(payment, writer.compose_sale(sale)),
            )
            for _ in range(2)
        )
        assert first == second
        assert list(calls()) == before

    def test_a_payload_says_what_kind_of_record_it_is(self, writer: TargetWriter) -> None:
        """Kind, reference, day and figures are those of what was asked for."""
        client = writer.a_client()
        sale = writer.a_sale(client)
        invoice = writer.compose_sale(sale)
        payment = writer.a_payment(sale)
        money = writer.compose_payment(payment, invoice)
        kinds = (writer.compose_client(client).kind, invoice.kind, money.kind)
        assert kinds == (Kind.CLIENT, Kind.INVOICE, Kind.PAYMENT)
        assert (invoice.reference, invoice.date) == (str(sale.reference), sale.date)
        assert (money.reference, money.date) == (str(payment.reference), payment.date)
        assert (money.net, money.paid) == (payment.amount, payment.amount)

    def test_the_journal_of_a_sale_and_its_payment_balances(self, writer: TargetWriter) -> None:
        """Debits equal credits, and what the sale claims from the client the payment brings."""
        sale = writer.a_sale(writer.a_client())
        invoice = writer.compose_sale(sale)
        money = writer.compose_payment(writer.a_payment(sale), invoice)
        sold, paid = writer.target.journal(invoice), writer.target.journal(money)
        for postings in (sold, paid):
            assert all(each.account.strip() for each in postings)
            assert not total((each.amount for each in postings), sale.currency)
        [claimed] = [each for each in sold if each.amount.amount > 0]
        assert claimed.amount == sale.gross
        assert [each for each in paid if each.account == claimed.account] == [
            Posting(claimed.account, -sale.gross)
        ]
        assert writer.target.journal(writer.compose_client(sale.client)) == ()

    def test_a_payload_goes_through_json_unharmed(self, writer: TargetWriter) -> None:
        """It is stored before it is sent: what comes back from the store is what is sent.

        No float is in it, since a float is not the amount that was decided.
        """
        client = writer.a_client(company=TEXTS["emoji"])
        sale = writer.a_sale(client)
        payloads = {
            "client": writer.compose_client(client),
            "invoice": writer.compose_sale(sale),
        }
        payloads["payment"] = writer.compose_payment(writer.a_payment(sale), payloads["invoice"])
        stored = {name: _through_json(payload) for name, payload in payloads.items()}
        assert stored == payloads
        for payload in payloads.values():
            assert not any(isinstance(leaf, float) for leaf in _leaves(payload.body))
        ref = writer.target.create_client(stored["client"])
        document = writer.target.create_invoice(stored["invoice"], client=ref)
        writer.target.create_payment(stored["payment"], document=document)
        [shown] = writer.documents(sale.reference.token)
        assert (shown.net, shown.tax, shown.paid) == (sale.net, sale.tax, sale.gross)

    def test_any_sale_keeps_its_figures(self, writer: TargetWriter) -> None:
        """Of two hundred random sales each payload shows the sale's net and tax to the penny."""
        dice = random.Random(20260415)  # noqa: S311  # repeatable, not secret
        client = writer.a_client()
        for _ in range(200):
            count = dice.randint(1, 12)
            lines = [
                writer.a_line(str(Decimal(dice.randint(1, 99_999)) / 100)) for _ in range(count)
            ]
            sale = writer.a_sale(client, lines)
            payload = writer.compose_sale(sale)
            assert (payload.net, payload.tax) == (sale.net, sale.tax)
            assert len(payload.lines) == len(sale.lines)
            assert sum(line.net.minor_units() for line in payload.lines) == sale.net.minor_units()
            assert sum(line.tax.minor_units() for line in payload.lines) == sale.tax.minor_units()

    def test_every_line_of_an_invoice_names_the_rule_that_decided_it(
        self, writer: TargetWriter
    ) -> None:
        """`bridge explain` shows a rule for each of two lines, none of them empty."""
        lines = [writer.a_line("10.00"), writer.a_line("20.00")]
        rules = writer.compose_sale(writer.a_sale(writer.a_client(), lines)).rules
        assert all(rule.about and rule.rule for rule in rules)
        for number in (1, 2):
            assert any(f"line {number}" in rule.about for rule in rules)

    def test_a_currency_that_is_not_there_is_held(self, writer: TargetWriter) -> None:
        """The remedy or the finding names the currency to add."""
        client = writer.a_client(currency=writer.stand.unknown_currency)
        line = writer.a_line("12100", writer.stand.unknown_currency)
        for answer in (
            writer.target.compose_client(client, Reference(token_of(LABEL, client.ref))),
            writer.target.compose_invoice(writer.a_sale(client, [line])),
        ):
            assert isinstance(answer, Hold)
            assert answer.reason is Reason.CURRENCY_UNKNOWN
            assert writer.stand.unknown_currency in answer.remedy

    def test_a_gateway_that_is_not_mapped_is_held(self, writer: TargetWriter) -> None:
        """The remedy names the gateway, so that the line to add can be copied."""
        sale = writer.a_sale(writer.a_client())
        payment = writer.a_payment(sale, gateway=writer.stand.unmapped_gateway)
        answer = writer.target.compose_payment(payment, writer.compose_sale(sale), [])
        assert isinstance(answer, Hold)
        assert answer.reason is Reason.GATEWAY_UNMAPPED
        assert writer.stand.unmapped_gateway in answer.remedy

    def test_a_tax_rate_that_no_rule_allows_is_held(self, writer: TargetWriter) -> None:
        """A wrong tax class would be silent, so nothing is sent on a guess."""
        line = writer.a_line(tax_rate=writer.stand.unknown_rate)
        answer = writer.target.compose_invoice(writer.a_sale(writer.a_client(), [line]))
        assert isinstance(answer, Hold)
        assert answer.what
        assert answer.remedy

    def test_assess_tells_mapped_from_unmapped(self, writer: TargetWriter) -> None:
        """What the source uses and the settings do not map is found before it is billed."""
        mapped, missing = writer.stand.gateway, writer.stand.unmapped_gateway
        survey = Survey(
            base_currency=writer.stand.currency,
            currencies=(writer.stand.currency, writer.stand.unknown_currency),
            gateways={mapped: "A mapped one", missing: "An unmapped one"},
        )
        findings = list(writer.target.assess(survey))
        for name in (missing, writer.stand.unknown_currency):
            about_it = [each for each in findings if name in each.subject]
            assert any(each.level is not Level.OK and each.remedy for each in about_it), name
        about_mapped = [each for each in findings if mapped in each.subject]
        assert about_mapped
        assert all(each.level is Level.OK for each in about_mapped)

    @about("misnamed_settings")
    def test_all_names_that_do_not_resolve_are_told_at_once(self, stand: TargetStand) -> None:
        """`prepare` raises one ConfigError with every one of them and what to write instead."""
        with given(stand.misnamed, "misnamed")() as target:
            target.check()
            with pytest.raises(ConfigError) as caught:
                target.prepare()
        told = "\n".join(problem.what for problem in caught.value.problems)
        assert stand.misnamed_words
        assert all(word in told for word in stand.misnamed_words)
        assert all(problem.remedy and problem.key for problem in caught.value.problems)


class TargetTexts(Suite):
    """Text that is awkward arrives whole, or as the payload says that it will."""

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
    def test_awkward_text_in_lines_and_references_is_not_lost(
        self, writer: TargetWriter, text: str
    ) -> None:
        """No word is cut, the figures are right, and the record is found by its key."""
        client = writer.create_client()
        sale = writer.a_sale(
            client.client, [writer.a_line(description=text), writer.a_line("0.01")]
        )
        sale = replace(sale, reference=replace(sale.reference, detail=_one_line(text)))
        payload = writer.compose_sale(sale)
        made = writer.target.create_invoice(payload, client=client.ref)
        found = writer.target.find_invoice(sale.reference, client=client.ref, day=sale.date)
        assert found is not None
        assert found.ref.id == made.id
        [shown] = writer.documents(sale.reference.token)
        assert (shown.net, shown.tax) == (sale.net, sale.tax)
        assert shown.reference == payload.reference
        assert _words(payload.lines[0].description) >= _words(text)
        if shown.lines:
            assert shown.lines == payload.lines

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
    def test_awkward_text_in_a_client_is_not_lost(self, writer: TargetWriter, text: str) -> None:
        """What is listed shows what the payload said, and no word of a name is cut."""
        client = writer.a_client(
            company=_one_line(text), address=(_one_line(text) or "1 Low Road",)
        )
        made = writer.create_client(client)
        [found] = writer.clients(token_of(LABEL, client.ref))
        body = made.payload.body
        assert {name: found.body.get(name) for name in body} == body
        told = " ".join(str(leaf) for leaf in _leaves(body))
        assert _words(told) >= _words(client.name)

    def test_a_client_of_whom_little_is_known_can_be_written(self, writer: TargetWriter) -> None:
        """Every optional field is empty, for two clients, who are not one for all that."""
        bare = {"company": "", "first_name": "", "email": "", "phone": "", "address": ()}
        place = {"town": "", "county": "", "postcode": ""}
        made = [writer.create_client(writer.a_client(**bare, **place)) for _ in range(2)]
        for each in made:
            [found] = writer.clients(token_of(LABEL, each.client.ref))
            assert {name: found.body.get(name) for name in each.payload.body} == each.payload.body
            assert found.emails == ()

    def test_an_invoice_without_a_due_day_can_be_written(self, writer: TargetWriter) -> None:
        """Sources have documents without one."""
        made = writer.create_sale(due=None)
        [shown] = writer.documents(made.sale.reference.token)
        assert shown.date == made.sale.date


def _through_json(payload: Payload) -> Payload:
    return replace(payload, body=json.loads(json.dumps(payload.body)))


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _words(text: str) -> set[str]:
    """The words of a text, by their letters and digits: how they are parted may change."""
    return set("".join(c if c.isalnum() else " " for c in text).split())


def _one_line(text: str) -> str:
    return " ".join(text.split())
