"""The target on a running KashFlow sandbox: how many calls, what stands there, what goes wrong."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from kashflow_target.compose_money import bank_transaction
from kashflow_target.sandbox.books import Books
from kashflow_target.sandbox.driver import Driver
from kashflow_target.target import KashFlowTarget

from bridge.api import (
    AccessError,
    AmbiguousMatchError,
    Client,
    ConfigError,
    Days,
    Kind,
    Level,
    OutcomeUnknownError,
    Payload,
    RecordClass,
    RecordRejectedError,
    Reference,
    Sale,
    Survey,
    TargetRef,
    TransientError,
)
from bridge.testing.builders import (
    DAY,
    a_client,
    a_credit_note,
    a_movement,
    a_payment,
    a_sale,
    a_sale_line,
    eur,
    gbp,
)

MakeTarget = Callable[..., KashFlowTarget]
MONTH = Days(DAY.replace(day=1), DAY.replace(day=30))


@pytest.fixture
def hands(target: KashFlowTarget, tmp_path: Path) -> Iterator[Driver]:
    """Somebody at KashFlow's own keyboard; the calls so far are forgotten."""
    with Driver.at(tmp_path) as driver:
        driver.forget_calls()
        yield driver


@pytest.fixture
def stands(target: KashFlowTarget, tmp_path: Path) -> Books:
    """What stands in the sandbox, read past the target."""
    return Books(tmp_path)


def of(answer: object) -> Payload:
    assert isinstance(answer, Payload), answer
    return answer


def client_payload(target: KashFlowTarget, client: Client | None = None) -> Payload:
    client = client or a_client()
    return of(target.compose_client(client, Reference(f"MEM-{client.ref.id}")))


def booked(target: KashFlowTarget, sale: Sale | None = None) -> tuple[TargetRef, TargetRef]:
    """A client with an invoice."""
    client = target.create_client(client_payload(target))
    invoice = target.create_invoice(of(target.compose_invoice(sale or a_sale())), client=client)
    return client, invoice


def paid(target: KashFlowTarget, invoice: TargetRef, **changes: Any) -> TargetRef:
    payment = a_payment(**changes)
    sale = of(target.compose_invoice(a_sale()))
    return target.create_payment(of(target.compose_payment(payment, sale, [])), document=invoice)


def test_a_new_client_costs_three_calls_and_a_known_one_two(
    target: KashFlowTarget, hands: Driver
) -> None:
    client, invoice = booked(target)
    paid(target, invoice)
    assert hands.calls() == ["InsertCustomer", "InsertInvoice", "InsertInvoicePayment"]
    hands.forget_calls()
    sale = a_sale(502)
    second = target.create_invoice(of(target.compose_invoice(sale)), client=client)
    paid(target, second, transaction=901)
    assert hands.calls() == ["InsertInvoice", "InsertInvoicePayment"]


def test_a_run_asks_for_its_reference_data_once(make_target: MakeTarget, tmp_path: Path) -> None:
    """One call to sign in, seven to prepare, none to compose."""
    made = make_target()
    made.check()
    made.prepare()
    made.compose_invoice(a_sale())
    client_payload(made)
    assert sorted(Books(tmp_path).calls()) == [
        "GetBankAccounts",
        "GetCompanyDetails",
        "GetCurrencies",
        "GetInvPayMethods",
        "GetNominalCodesExtended",
        "GetProducts",
        "GetVATRates",
        "isUserVATRegistered",
    ]
    assert made.home_currency == "GBP"


def test_what_is_written_stands_there_to_the_penny(target: KashFlowTarget, stands: Books) -> None:
    """Looked at past the target: nominal, VAT, method, account, reference, note, number."""
    lines = [
        a_sale_line(gbp("33.33"), tax=gbp("6.67"), product="Reseller Gold"),
        a_sale_line(gbp("-3.33"), tax=gbp("-0.67"), type="Domain"),
    ]
    _, invoice = booked(target, a_sale(lines=lines))
    paid(target, invoice, amount=gbp("36.00"))
    [shown] = [each for each in stands.invoices() if each.reference.startswith("MEM-501")]
    assert str(shown.number) == invoice.id
    assert (shown.net, shown.vat, shown.amount_paid, shown.paid) == (
        Decimal(30),
        Decimal(6),
        Decimal(36),
        True,
    )
    assert shown.customer_code == "MEM31"
    assert [(each.nominal, each.net, each.vat) for each in shown.lines] == [
        ("Resale", Decimal("33.33"), Decimal("6.67")),
        ("Domain Names", Decimal("-3.33"), Decimal("-0.67")),
    ]
    [payment] = [each for each in stands.payments() if each.invoice == shown.number]
    assert (payment.method, payment.account, payment.note, payment.amount) == (
        "Credit Card",
        "Card Clearing",
        "MEM-T900/501 txn_900",
        Decimal(36),
    )


def test_a_foreign_invoice_closes_at_its_booked_sterling(
    target: KashFlowTarget, stands: Books
) -> None:
    """Lines are in euros, the payment is in pounds, and KashFlow takes it for paid."""
    german = a_client(country="DE", tax_number="DE136695976", currency="EUR")
    line = a_sale_line(eur("100.00"), tax_rate=Decimal(0))
    sale = of(target.compose_invoice(a_sale(client=german, lines=[line])))
    client = target.create_client(client_payload(target, german))
    invoice = target.create_invoice(sale, client=client)
    money = a_payment(eur("100.00"), base_amount=gbp("85.47"))
    target.create_payment(of(target.compose_payment(money, sale, [])), document=invoice)
    [shown] = [each for each in stands.invoices() if str(each.number) == invoice.id]
    assert (shown.currency, shown.net, shown.exchange_rate) == (
        "EUR",
        Decimal(100),
        Decimal("1.17"),
    )
    assert (shown.amount_paid, shown.paid) == (Decimal("85.47"), True)
    [document] = [d for d in target.documents([MONTH]) if d.ref.id == invoice.id]
    assert (document.net, document.paid) == (eur("100.00"), gbp("85.47"))


def test_documents_are_listed_by_days_and_by_client(target: KashFlowTarget, hands: Driver) -> None:
    """One call for each range and each client; the permanent id comes with them."""
    client, invoice = booked(target)
    hands.forget_calls()
    listed = list(target.documents([MONTH, Days(dt.date(2025, 9, 1), dt.date(2025, 9, 30))]))
    assert invoice.id in {each.ref.id for each in listed}
    assert all(each.ref.internal_id for each in listed)
    assert [each.ref.id for each in target.documents([], [client])] == [invoice.id]
    assert hands.calls() == ["GetInvoicesByDateRange"] * 2 + ["GetInvoicesForCustomer"]


def test_a_key_is_found_as_a_whole_word_only(target: KashFlowTarget, hands: Driver) -> None:
    """MEM-50 is not MEM-501, and an invoice that a person entered with our key is found."""
    client, invoice = booked(target)
    by_hand = hands.add_invoice(
        int(client.id), "2026-04-15", [{"net": "10", "description": "x"}],
        reference="see MEM-700 please",
    )  # fmt: skip
    for token, found in (("MEM-501", invoice.id), ("MEM-700", str(by_hand)), ("MEM-50", None)):
        document = target.find_invoice(Reference(token), client=client, day=DAY)
        assert (document and document.ref.id) == found


def test_a_key_that_two_carry_is_nobodys(target: KashFlowTarget) -> None:
    client, invoice = booked(target)
    second = target.create_invoice(of(target.compose_invoice(a_sale())), client=client)
    with pytest.raises(AmbiguousMatchError) as caught:
        target.find_invoice(a_sale().reference, client=client, day=DAY)
    assert invoice.id in caught.value.what
    assert second.id in caught.value.what
    for _ in range(2):
        paid(target, invoice)
    with pytest.raises(AmbiguousMatchError):
        target.find_payment(a_payment().reference, document=invoice)


@pytest.mark.parametrize("miss", ["refuse", "empty", "blank"])
def test_a_client_that_is_not_there_is_none_however_kashflow_says_so(
    target: KashFlowTarget, hands: Driver, miss: str
) -> None:
    """But a refused login is never "not there", or it would be made twice."""
    hands.switch(customer_miss=miss)
    payload = client_payload(target)
    assert target.find_client(payload) is None
    made = target.create_client(payload)
    assert target.find_client(payload) == made
    hands.switch(password="another")
    with pytest.raises(AccessError):
        target.find_client(payload)


def test_a_code_that_exists_is_refused(target: KashFlowTarget, stands: Books) -> None:
    payload = client_payload(target)
    target.create_client(payload)
    with pytest.raises(RecordRejectedError) as caught:
        target.create_client(payload)
    assert "not unique" in caught.value.text
    assert len([each for each in stands.customers() if each.code == "MEM31"]) == 1


@pytest.mark.parametrize("missing", ["keep", "blank"])
def test_an_update_keeps_what_is_not_ours(
    target: KashFlowTarget, hands: Driver, stands: Books, missing: str
) -> None:
    """Whatever KashFlow does with a text that is not sent: terms, notes and own fields stay."""
    hands.switch(update_blank_missing=missing)
    made = target.create_client(client_payload(target))
    hands.edit_customer(int(made.id), Notes="Rings first", PaymentTerms="30", ExtraText1="VIP",
                        Website="acme.example", CheckBox3="1")  # fmt: skip
    hands.forget_calls()
    target.update_client(made, client_payload(target, a_client(company="Acme Ltd", phone="")))
    assert hands.calls() == ["GetCustomerByID", "UpdateCustomer"]
    [shown] = [each for each in stands.customers() if each.id == int(made.id)]
    assert (shown.name, shown.code, shown.fields["Telephone"]) == ("Acme Ltd", "MEM31", "")
    kept = {name: shown.fields[name] for name in ("Notes", "PaymentTerms", "ExtraText1", "Website")}
    assert kept == {
        "Notes": "Rings first",
        "PaymentTerms": "30",
        "ExtraText1": "VIP",
        "Website": "acme.example",
    }
    assert shown.fields["CheckBox3"] == "1"


def harbour(target: KashFlowTarget) -> TargetRef:
    return next(each.ref for each in target.clients() if each.key == "HAR01")


def test_adopting_changes_one_field(target: KashFlowTarget, stands: Books) -> None:
    """Code, name, terms and notes stay a person's; a second time there is nothing to do."""
    before = {each.code: each.fields for each in stands.customers()}["HAR01"]
    client = harbour(target)
    target.adopt_client(client, client_payload(target))
    after = {each.code: each.fields for each in stands.customers()}["HAR01"]
    unset = {"0", "0.0000", "false", ""}  # what a field is that was never sent
    changed = {name for name, text in after.items() if text != before.get(name)}
    told = {name for name in changed if name in before or after[name] not in unset}
    assert told - {"Updated"} == {"ExtraText20"}
    assert after["ExtraText20"] == "MEM-31"
    calls = len(stands.calls())
    target.adopt_client(client, client_payload(target))
    assert stands.calls()[calls:] == ["GetCustomerByID"]


def test_adopting_never_overwrites_a_persons_text(
    target: KashFlowTarget, hands: Driver, stands: Books
) -> None:
    client = harbour(target)
    hands.edit_customer(int(client.id), ExtraText20="Fleet card 7")
    with pytest.raises(RecordRejectedError) as caught:
        target.adopt_client(client, client_payload(target))
    assert "Fleet card 7" in caught.value.what
    assert "reference_field" in caught.value.remedy
    [shown] = [each for each in stands.customers() if each.code == "HAR01"]
    assert shown.fields["ExtraText20"] == "Fleet card 7"


def test_a_customer_that_is_gone_is_told_as_such(target: KashFlowTarget, hands: Driver) -> None:
    made = target.create_client(client_payload(target))
    hands.delete_customer(int(made.id))
    with pytest.raises(RecordRejectedError) as caught:
        target.update_client(made, client_payload(target))
    assert caught.value.reason == "remote_missing"


def test_what_is_listed_equals_what_would_be_sent(target: KashFlowTarget) -> None:
    """So that the core sees what changed, and nothing else."""
    payload = client_payload(target)
    made = target.create_client(payload)
    [listed] = [each for each in target.clients() if each.ref == made]
    assert listed.body == payload.body
    assert (listed.key, listed.reference, listed.currency) == ("MEM31", "MEM-31", "GBP")
    assert listed.emails == ("accounts@client31.example",)


def test_several_addresses_in_one_field_are_several(target: KashFlowTarget, hands: Driver) -> None:
    made = target.create_client(client_payload(target))
    hands.edit_customer(int(made.id), Email="A@x.example; b@x.example,c@x.example")
    [listed] = [each for each in target.clients() if each.ref == made]
    assert listed.emails == ("a@x.example", "b@x.example", "c@x.example")


@pytest.mark.parametrize(
    ("switches", "kind", "words"),
    [
        ({"password": "another"}, AccessError, "target.password"),
        ({"allowed_addresses": "203.0.113.9"}, AccessError, "127.0.0.1"),
        ({"api": "off"}, AccessError, "API"),
        ({"api": "off", "api_off_text": "Computer says no"}, AccessError, "Computer says no"),
    ],
)
def test_a_login_that_is_refused_says_what_to_change(
    make_target: MakeTarget,
    tmp_path: Path,
    switches: dict[str, str],
    kind: type[Exception],
    words: str,
) -> None:
    """Also in words that nobody has seen before."""
    with Driver.at(tmp_path) as driver:
        driver.switch(**switches)
    with pytest.raises(kind) as caught:
        make_target().check()
    assert isinstance(caught.value, AccessError)
    assert words in caught.value.what + caught.value.remedy


def test_names_that_are_not_there_stop_the_run_before_a_write(
    make_target: MakeTarget, hands: Driver
) -> None:
    """Renamed, removed and archived things are told together."""
    hands.rename("method", "Credit Card", "Credit Cards")
    hands.remove("account", "PayPal EUR")
    hands.archive_nominal("Resale")
    made = make_target()
    with pytest.raises(ConfigError) as caught:
        made.prepare()
    problems = {problem.key: problem.remedy for problem in caught.value.problems}
    assert set(problems) == {
        "target.gateways.stripe.method",
        "target.gateways.paypal.currencies.EUR",
        "target.nominals.products.Reseller Gold",
    }
    assert "Credit Cards" in problems["target.gateways.stripe.method"]


def test_a_closed_period_is_recognised(target: KashFlowTarget, hands: Driver) -> None:
    client, _ = booked(target)
    hands.switch(locked_to="2026-04-30")
    with pytest.raises(RecordRejectedError) as caught:
        target.create_invoice(of(target.compose_invoice(a_sale(502))), client=client)
    assert caught.value.reason == "period_locked"
    assert "books_closed_to" in caught.value.remedy


@pytest.mark.parametrize(
    "switches",
    [
        {"cisrc": "off"},
        {"status_detail_on_ok": "text"},
        {"status_detail_on_ok": "absent"},
        {"empty_list": "absent"},
    ],
)
def test_answers_of_every_shape_are_understood(
    target: KashFlowTarget, hands: Driver, switches: dict[str, str]
) -> None:
    hands.switch(**switches)
    client, invoice = booked(target)
    assert list(target.payments(invoice)) == []
    assert list(target.documents([Days(dt.date(2020, 1, 1), dt.date(2020, 1, 2))])) == []
    paid(target, invoice)
    assert len(list(target.payments(invoice))) == 1
    document = target.find_invoice(a_sale().reference, client=client, day=DAY)
    assert document is not None
    assert document.lines == of(target.compose_invoice(a_sale())).lines


def test_a_status_of_its_own_is_neither_yes_nor_no(target: KashFlowTarget, hands: Driver) -> None:
    """It was done, and whoever took it for a refusal would do it twice."""
    payload = client_payload(target)
    hands.switch(status_word="DONE")
    with pytest.raises(OutcomeUnknownError):
        target.create_client(payload)
    with pytest.raises(TransientError):
        list(target.clients())


def test_a_reference_that_was_cut_shows(target: KashFlowTarget, hands: Driver) -> None:
    hands.switch(text_limit=10)
    _, invoice = booked(target)
    [document] = [each for each in target.documents([MONTH]) if each.ref.id == invoice.id]
    assert document.reference != of(target.compose_invoice(a_sale())).reference


def test_a_credit_note_is_made_applied_once_and_listed(
    target: KashFlowTarget, stands: Books, hands: Driver
) -> None:
    """Applied by permanent ids; a second time it is left as it is."""
    client, invoice = booked(target)
    note = of(target.compose_credit_note(a_credit_note(original_number=invoice.id)))
    made = target.create_credit_note(note, client=client, original=invoice)
    hands.forget_calls()
    target.apply_credit_note(made, original=invoice)
    assert hands.calls() == ["GetInvoice", "GetInvoice", "applyCreditNoteToInvoice"]
    target.apply_credit_note(made, original=invoice)
    assert hands.calls().count("applyCreditNoteToInvoice") == 1
    found = target.find_invoice(Reference("MEM-R905"), client=client, day=DAY)
    assert found is not None
    assert (found.ref.kind, found.net, found.tax) == (Kind.CREDIT_NOTE, gbp("-25"), gbp("-5"))
    by_number = {str(each.number): each for each in stands.invoices()}
    assert by_number[invoice.id].amount_paid == 30


def test_a_bank_transaction_is_made_once_and_found(target: KashFlowTarget, stands: Books) -> None:
    payload = bank_transaction(a_movement(), 310451, 18685818)
    assert target.find_movement(payload) is None
    made = target.create_movement(payload)
    assert target.find_movement(payload) == made
    [shown] = stands.bank_transactions()
    assert (shown.account, shown.nominal, shown.amount) == (
        "Card Clearing",
        "Card Fees",
        Decimal("-1.95"),
    )
    target.create_movement(payload)
    with pytest.raises(AmbiguousMatchError):
        target.find_movement(payload)


def test_what_was_written_can_be_taken_back(target: KashFlowTarget, stands: Books) -> None:
    """Payment, document by number or permanent id, client; and it is looked whether it is gone."""
    client, invoice = booked(target)
    payment = paid(target, invoice)
    target.remove(payment, document=invoice)
    assert list(target.payments(invoice)) == []
    [document] = target.documents([], [client])
    target.remove(document.ref)
    second = target.create_invoice(of(target.compose_invoice(a_sale(502))), client=client)
    target.remove(second)
    target.remove(client)
    assert not [each for each in stands.customers() if each.code == "MEM31"]


def test_what_cannot_be_taken_back_says_so(target: KashFlowTarget, hands: Driver) -> None:
    """A bank transaction, and a paid invoice that KashFlow keeps."""
    with pytest.raises(RecordRejectedError) as caught:
        target.remove(TargetRef(Kind.MOVEMENT, "5"))
    assert "by hand" in caught.value.remedy
    _, invoice = booked(target)
    paid(target, invoice)
    hands.switch(delete_paid_invoice="refuse")
    with pytest.raises(RecordRejectedError):
        target.remove(invoice)


def test_records_of_a_period_are_one_row_each(
    target: KashFlowTarget, hands: Driver, stands: Books
) -> None:
    """Ours and others', over several pages of payments, those of other months left out."""
    hands.switch(payments_page_size=2)
    _, invoice = booked(target)
    for number in range(900, 905):
        paid(target, invoice, transaction=number, amount=gbp("10.00"))
    target.create_movement(bank_transaction(a_movement(), 310451, 18685818))
    rows = list(target.records(MONTH))
    kinds = [row.record_class for row in rows]
    assert kinds.count(RecordClass.INVOICE) == 1
    assert kinds.count(RecordClass.PAYMENT) == 5
    assert kinds.count(RecordClass.MOVEMENT) == 1
    assert {row.token for row in rows} >= {"MEM-501", "MEM-T900/501", "MEM-T900/fee"}
    assert {row.account for row in rows if row.record_class is RecordClass.PAYMENT} == {
        "Card Clearing"
    }
    others = list(target.records(Days(dt.date(2025, 9, 1), dt.date(2025, 9, 30))))
    assert {row.token for row in others} == {""}
    assert sum(row.net.amount for row in others if row.record_class is RecordClass.INVOICE) == 180


def test_payments_in_the_invoices_currency_are_read_so(
    make_target: MakeTarget, hands: Driver
) -> None:
    """Where that is chosen, each amount takes its invoice's currency."""
    hands.switch(payments_in="invoice")
    made = make_target(foreign_payments="invoice")
    made.prepare()
    german = a_client(country="DE", tax_number="DE136695976", currency="EUR")
    line = a_sale_line(eur("100.00"), tax_rate=Decimal(0))
    sale = of(made.compose_invoice(a_sale(client=german, lines=[line])))
    invoice = made.create_invoice(sale, client=made.create_client(client_payload(made, german)))
    money = of(made.compose_payment(a_payment(eur("100.00")), sale, []))
    made.create_payment(money, document=invoice)
    [payment] = made.payments(invoice)
    assert payment.amount == eur("100.00")
    [row] = [r for r in made.records(MONTH) if r.record_class is RecordClass.PAYMENT]
    assert row.net == eur("100.00")
    elsewhere = [r for r in made.records(Days(DAY, DAY)) if r.token == "MEM-T900/501"]
    assert [r.net for r in elsewhere] == [eur("100.00")]


def test_an_account_without_vat_stops_the_run(make_target: MakeTarget, hands: Driver) -> None:
    hands.switch(vat_registered="off")
    made = make_target()
    made.prepare()
    with pytest.raises(ConfigError):
        made.compose_invoice(a_sale())
    survey = Survey("GBP", ("GBP",), {}, tax_rates=("20.00",))
    [finding] = [each for each in made.assess(survey) if "VAT reg" in each.subject]
    assert finding.level is Level.ERROR


def test_assess_says_of_everything_whether_it_is_mapped(target: KashFlowTarget) -> None:
    survey = Survey(
        base_currency="USD",
        currencies=("GBP", "EUR", "JPY"),
        gateways={"stripe": "Card", "banktransfer": "Bank Transfer", "worldpay_old": "Worldpay"},
        tax_rates=("20.00", "13.5", "0"),
        line_types=("Domain", "Hosting"),
    )
    findings = {each.subject: each for each in target.assess(survey)}
    wrong = {subject for subject, each in findings.items() if each.level is not Level.OK}
    assert wrong == {"currency JPY", "invoice_rate", "gateway worldpay_old", "tax rate 13.5 %"}
    assert all(findings[subject].remedy for subject in wrong)
    assert "Credit Card on Card Clearing (1210)" in findings["gateway stripe"].what
    assert "bank feed" in findings["gateway banktransfer"].what
    assert "4010" in findings["line type Domain"].what


def test_several_threads_write_through_one_target(target: KashFlowTarget, stands: Books) -> None:
    """Each invoice once, each with its own number."""
    client = target.create_client(client_payload(target))
    numbers: list[str] = []

    def work(first: int) -> None:
        for number in range(first, first + 10):
            payload = of(target.compose_invoice(a_sale(number)))
            numbers.append(target.create_invoice(payload, client=client).id)

    threads = [threading.Thread(target=work, args=(1000 * place,)) for place in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == 40
    ours = [each for each in stands.invoices() if each.reference.startswith("MEM-")]
    assert len({each.reference for each in ours}) == 40


def test_a_slow_answer_runs_into_the_time_out(make_target: MakeTarget, hands: Driver) -> None:
    """It is given up after `timeout_s`, and may have been done."""
    made = make_target(timeout_s=1)
    made.prepare()
    payload = client_payload(made)
    hands.plan([{"name": "InsertCustomer", "mode": "slow", "seconds": 1.5}])
    with pytest.raises(OutcomeUnknownError) as caught:
        made.create_client(payload)
    assert "within the time-out" in caught.value.what


def test_opening_and_closing_asks_nothing(make_target: MakeTarget, tmp_path: Path) -> None:
    with make_target():
        pass
    assert Books(tmp_path).calls() == []


def test_a_due_day_and_a_reference_detail_are_kept(target: KashFlowTarget, stands: Books) -> None:
    sale = replace(a_sale(due=dt.date(2026, 5, 1)), reference=Reference("MEM-501", "INV & 77"))
    _, invoice = booked(target, sale)
    [shown] = [each for each in stands.invoices() if str(each.number) == invoice.id]
    assert (shown.due[:10], shown.reference) == ("2026-05-01", "MEM-501 INV & 77")
