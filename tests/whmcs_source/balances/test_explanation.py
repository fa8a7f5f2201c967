"""What moved a client's balance is told by sums and days, and never by words alone."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from whmcs_source.sandbox.factory import sandbox
from whmcs_source.source.source import WhmcsSource

from bridge.api import (
    AccessError,
    BalanceEntry,
    BalanceOrigin,
    TransientError,
    client_ref,
    invoice_ref,
)
from tests.whmcs_source.company import Company

SEEDED: Mapping[int, list[tuple[str, str, str]]] = {
    24: [("60.00", "prepayment", "foreign_add_funds"), ("-11.99", "use", "foreign_credit")],
    41: [
        ("240.00", "prepayment", "add_funds"),
        ("-60.00", "use", "half_credit"),
        ("-60.00", "use", "full_credit"),
        ("-50.00", "use", "mass_pay_balance_container"),
        ("-30.00", "use", "mass_pay_cancelled_target"),
        ("-2.49", "use", "promo_by_line"),
        ("120.00", "excess", "mass_pay_twice_first"),
        ("12.00", "excess", "mass_pay_twice_second"),
    ],
    42: [
        ("10.00", "excess", "overpaid"),
        ("120.00", "excess", "duplicate_transaction"),
        ("30.00", "refund", "refund_to_credit"),
        ("120.00", "excess", "double_charge"),
        ("-120.00", "use", "excess_used"),
        ("120.00", "excess", "overpayment_returned"),
        ("-120.00", "returned", "overpayment_returned"),
        ("25.00", "prepayment", ""),
    ],
    44: [
        ("30.00", "unknown", ""),
        ("-24.00", "use", "manual_credit_used"),
        ("-6.00", "unknown", ""),
        ("50.00", "prepayment", "add_funds_refunded"),
        ("-50.00", "returned", "add_funds_refunded"),
    ],
}

FORMS = [
    {"credit_texts": "numbered"},
    {"credit_texts": "plain"},
    {"credit_texts": "none"},
    {"credit_texts": "none", "credit_relid": "invoice"},
    {"mass_pay_credit_rows": "on"},
    {"mass_pay_credit_rows": "on", "credit_texts": "none"},
    {"version": "9.0.1", "adjustment_rows": "typed"},
    {"version": "9.0.1", "adjustment_rows": "plain", "credit_field_9x": "amount"},
    {"version": "9.0.1", "adjustment_rows": "hidden", "credit_texts": "none"},
]


def movements(source: WhmcsSource, client: int) -> list[BalanceEntry]:
    return list(source.balances([client_ref(client)]))


def told(source: WhmcsSource, client: int) -> list[tuple[str, str]]:
    return [(str(one.amount.amount), one.origin.value) for one in movements(source, client)]


# The seeded company ------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_every_movement_is_explained_whatever_whmcs_says_of_it(
    tmp_path: Path, form: dict[str, str]
) -> None:
    """Neither texts, nor relid, nor the version make a difference to what a movement is."""
    with sandbox(tmp_path, switches=form) as box, Company(box).open() as source:
        names = {str(Company(box).case(name)): name for rows in SEEDED.values()
                 for _, _, name in rows if name}  # fmt: skip
        for client, expected in SEEDED.items():
            found = [
                (str(one.amount.amount), one.origin.value, one.invoice and names[one.invoice.id])
                for one in movements(source, client)
                if one.origin is not BalanceOrigin.SETTLEMENT
            ]
            assert [(a, b, c or "") for a, b, c in found] == expected


def test_a_mass_payment_that_passes_through_the_balance_leaves_nothing_there(
    tmp_path: Path,
) -> None:
    """Its pairs of movements are marked, and sum to nothing for each invoice that it paid."""
    with sandbox(tmp_path, switches={"mass_pay_credit_rows": "on"}) as box:
        company = Company(box)
        with company.open() as source:
            passing: dict[str, list[Decimal]] = {}
            for one in movements(source, 41):
                if one.origin is BalanceOrigin.SETTLEMENT:
                    assert one.invoice
                    passing.setdefault(one.invoice.id, []).append(one.amount.amount)
        assert passing[str(company.case("mass_pay_part_first"))] == [Decimal(70), Decimal(-70)]
        assert all(sum(amounts) == 0 for amounts in passing.values())


def test_movements_sum_to_the_balance_that_the_client_shows(
    company: Company, source: WhmcsSource
) -> None:
    for row in company.box.rows("SELECT id, credit FROM tblclients"):
        found = movements(source, row["id"])
        assert sum(one.amount.amount for one in found) == Decimal(row["credit"])
        assert [one.date for one in found] == sorted(one.date for one in found)


def test_a_movement_is_in_the_currency_of_its_client(source: WhmcsSource) -> None:
    assert {one.amount.currency for one in movements(source, 24)} == {"EUR"}


# Cost --------------------------------------------------------------------------------------------


def test_a_client_without_movements_costs_one_call(company: Company, source: WhmcsSource) -> None:
    source.check()
    list(source.clients([client_ref(1)]))
    company.calls()
    assert movements(source, 1) == []
    assert "GetCredits" in company.calls()
    movements(source, 1)
    assert company.calls() == []


def test_the_movements_of_a_client_are_read_once_a_run(
    company: Company, source: WhmcsSource
) -> None:
    movements(source, 42)
    assert company.calls().count("GetCredits") == 1
    movements(source, 42)
    list(source.invoices([invoice_ref(company.case(name)) for name in ("excess_used", "overpaid")]))
    assert not {"GetCredits", "GetInvoices"} & set(company.calls())


# What is not certain -----------------------------------------------------------------------------


def test_a_gift_that_is_as_large_as_an_invoice_is_no_excess_of_it(
    company: Company, source: WhmcsSource
) -> None:
    number = company.invoice(3, "100.00", date="2026-09-01")
    company.do("pay", invoice=number, date="2026-09-02", transid="a")
    company.do("add_credit", client=3, amount="120.00", date="2026-09-02", description="Sorry")
    assert told(source, 3) == [("120.00", "unknown")]


def test_a_text_that_names_an_invoice_proves_nothing_by_itself(
    company: Company, source: WhmcsSource
) -> None:
    number = company.invoice(3, "100.00", date="2026-09-01")
    company.do("pay", invoice=number, date="2026-09-02", transid="a")
    for amount in ("5.00", "-5.00"):
        company.do("add_credit", client=3, amount=amount, date="2026-09-02",
                   description=f"Invoice #{number} Overpayment")  # fmt: skip
    assert told(source, 3) == [("5.00", "unknown"), ("-5.00", "unknown")]


def test_days_apart_are_no_cause(company: Company, source: WhmcsSource) -> None:
    """One day is: the web server and cron may live in different time zones."""
    for client, day, origin in ((3, "2026-09-03", "excess"), (5, "2026-09-04", "unknown")):
        number = company.invoice(client, "100.00", date="2026-09-01")
        company.do("pay", invoice=number, amount="150.00", date="2026-09-02", transid="a")
        company.write("UPDATE tblcredit SET date = ? WHERE clientid = ?", day, client)
        assert told(source, client) == [("30.00", origin)]


def test_uses_of_unknown_invoices_are_uses_if_they_sum_to_the_credit_shown(
    company: Company, source: WhmcsSource
) -> None:
    """Two unnamed parts on one invoice: no single one fits, both together do to the penny."""
    company.box.switch(credit_texts="none")
    company.do("add_funds", client=3, amount="50.00", date="2026-09-01", transid="f")
    number = company.invoice(3, "100.00", date="2026-09-02")
    for amount in ("20.00", "30.00"):
        company.do("apply_credit", invoice=number, amount=amount, date="2026-09-03")
    assert [origin for _, origin in told(source, 3)] == ["prepayment", "use", "use"]


def test_credit_taken_by_hand_beside_uses_is_not_taken_for_one(
    company: Company, source: WhmcsSource
) -> None:
    company.box.switch(credit_texts="none")
    company.do("add_funds", client=3, amount="60.00", date="2026-09-01", transid="f")
    number = company.invoice(3, "100.00", date="2026-09-02")
    company.do("apply_credit", invoice=number, amount="50.00", date="2026-09-02")
    company.do("add_credit", client=3, amount="-10.00", date="2026-09-02", description="Removed")
    assert told(source, 3) == [("60.00", "prepayment"), ("-50.00", "use"), ("-10.00", "unknown")]


def test_credit_taken_by_hand_is_no_use_where_a_mass_payment_explains_the_credit(
    company: Company, source: WhmcsSource
) -> None:
    """The invoice shows just that amount of credit, and the container accounts for all of it."""
    company.box.switch(credit_texts="none")
    company.do("add_credit", client=3, amount="200.00", date="2026-09-01", description="Gift")
    number = company.invoice(3, "100.00", date="2026-09-02")
    company.do("mass_pay", invoices=[number], date="2026-09-03", transid="m")
    company.do("add_credit", client=3, amount="-120.00", date="2026-09-03", description="Taken")
    assert told(source, 3) == [("200.00", "unknown"), ("-120.00", "unknown")]


def test_a_second_mass_payment_weeks_later_is_an_excess_of_its_own_day(
    company: Company, source: WhmcsSource
) -> None:
    company.box.switch(credit_texts="none")
    number = company.invoice(3, "100.00", date="2026-09-02")
    first, second = (company.do("mass_pay", invoices=[number], paid=False, date="2026-09-03")
                     for _ in range(2))  # fmt: skip
    company.do("pay", invoice=first, date="2026-09-05", transid="m1")
    company.do("pay", invoice=second, date="2026-10-05", transid="m2")
    [only] = movements(source, 3)
    assert (only.origin, only.invoice) == (BalanceOrigin.EXCESS, invoice_ref(number))


def test_a_refund_of_more_than_came_on_top_takes_only_that_off_the_balance(
    company: Company, source: WhmcsSource
) -> None:
    """The rest of it lowered the price, and was never the client's balance."""
    number = company.invoice(2, "100.00", date="2026-09-01")
    paid = company.do("pay", invoice=number, amount="130.00", date="2026-09-02", transid="r1")
    company.do("refund", transaction=paid, amount="25.00", date="2026-09-10", transid="r2")
    company.do("add_credit", client=2, amount="-10.00", date="2026-09-10")
    assert told(source, 2) == [("10.00", "excess"), ("-10.00", "returned")]


def test_money_on_an_invoice_that_is_gone_was_no_gift(
    company: Company, source: WhmcsSource
) -> None:
    """A merge or a deletion takes the invoice, and leaves its money and the balance."""
    number = company.invoice(2, "100.00", date="2026-09-01")
    company.do("pay", invoice=number, amount="130.00", date="2026-09-02", transid="r1")
    company.do("delete_invoice", invoice=number)
    company.do("add_credit", client=2, amount="5.00", date="2026-09-20")
    assert told(source, 2) == [("10.00", "excess"), ("5.00", "unknown")]


def test_what_came_on_top_is_no_gift_because_the_invoice_was_edited(
    company: Company, source: WhmcsSource
) -> None:
    number = company.invoice(2, "100.00", date="2026-09-01")
    company.do("pay", invoice=number, amount="130.00", date="2026-09-02", transid="r1")
    line = {"type": "Hosting", "description": "More", "amount": "1.00", "taxed": True}
    company.do("edit_invoice", invoice=number, add=[line], date="2026-09-05")
    company.do("add_credit", client=2, amount="5.00", date="2026-09-02")
    assert told(source, 2) == [("10.00", "excess"), ("5.00", "unknown")]


def test_two_shortfalls_and_one_movement_are_not_guessed_at(
    company: Company, source: WhmcsSource
) -> None:
    """Two invoices show the same credit and the balance paid one: it is a use, of neither."""
    company.box.switch(credit_texts="none")
    company.do("add_funds", client=3, amount="50.00", date="2026-09-01", transid="f")
    numbers = [company.invoice(3, "100.00", date="2026-09-02") for _ in range(2)]
    company.do("apply_credit", invoice=numbers[0], amount="50.00", date="2026-09-02")
    company.write("UPDATE tblinvoices SET credit = '50.00', total = '70.00' WHERE id = ?",
                  numbers[1])  # fmt: skip
    found = movements(source, 3)
    assert [(one.origin.value, one.invoice) for one in found][1] == ("use", None)
    for invoice in source.invoices([invoice_ref(number) for number in numbers]):
        assert [hold.reason for hold in invoice.holds] == ["credit_unmapped"]  # type: ignore[union-attr]


# What may go wrong -------------------------------------------------------------------------------


def test_a_role_without_getcredits_is_said_to_lack_it(company: Company) -> None:
    company.box.switch(
        allowed_actions="WhmcsDetails,GetInvoices,GetInvoice,GetTransactions,GetClientsDetails,"
        "GetCurrencies"
    )
    with company.open() as source, pytest.raises(AccessError, match="GetCredits"):
        movements(source, 42)


def test_a_client_who_is_gone_has_no_balance(source: WhmcsSource) -> None:
    assert movements(source, 43) == []


def test_a_list_that_breaks_off_is_no_answer(company: Company, source: WhmcsSource) -> None:
    company.fault("GetCredits", "html", times=3)
    with pytest.raises(TransientError):
        movements(source, 42)


@pytest.mark.parametrize(
    "form",
    [{"ids": "int"}, {"ids": "string"}, {"flat_keys": "on"}, {"single_as_object": "numeric"}],
    ids=str,
)
def test_the_form_of_the_json_makes_no_difference_to_movements(
    company: Company, source: WhmcsSource, form: dict[str, str]
) -> None:
    right = movements(source, 42)
    company.box.switch(**form)
    with company.open() as odd:
        assert movements(odd, 42) == right


# Any history -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wordless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company whose balance movements have no words."""
    place = tmp_path_factory.mktemp("whmcs")
    with sandbox(place, switches={"credit_texts": "none"}) as box:
        yield Company(box)


DEEDS = ("funds", "excess", "twice", "use", "part_use", "gift", "taken", "refund", "by_hand",
         "returned", "returned_more", "mass_pay")  # fmt: skip


def _live(company: Company, client: int, deeds: list[str]) -> list[tuple[str, BalanceOrigin]]:
    """Let it happen on days in a row, no amount twice; answers what must be told of it."""
    expected: list[tuple[str, BalanceOrigin]] = []

    def note(amount: Decimal, origin: BalanceOrigin) -> None:
        expected.append((f"{amount:.2f}", origin))

    company.do("add_funds", client=client, amount="5000.00", date="2026-01-01", transid="seed")
    note(Decimal(5000), BalanceOrigin.PREPAYMENT)
    for at, deed in enumerate(deeds):
        day = f"2026-0{2 + at // 25}-{1 + at % 25:02d}"
        odd = Decimal(3 + at) + Decimal(at) / 100  # of its own, and below any gross
        gross = Decimal(60) * (at + 1)
        number = 0
        if deed not in ("funds", "gift", "taken"):
            number = company.invoice(client, str(50 * (at + 1)), date=day)
        match deed:
            case "funds":
                company.do("add_funds", client=client, amount=str(odd), date=day, transid=f"f{at}")
                note(odd, BalanceOrigin.PREPAYMENT)
            case "excess":
                company.do("pay", invoice=number, amount=str(gross + odd), date=day)
                note(odd, BalanceOrigin.EXCESS)
            case "twice":
                for time in ("10:00:00", "10:05:00"):
                    company.do("pay", invoice=number, amount=str(gross), date=f"{day} {time}")
                note(gross, BalanceOrigin.EXCESS)
            case "use":
                company.do("apply_credit", invoice=number, amount=str(gross), date=day)
                note(-gross, BalanceOrigin.USE)
            case "part_use":
                company.do("apply_credit", invoice=number, amount=str(odd), date=day)
                company.do("pay", invoice=number, date=day)
                note(-odd, BalanceOrigin.USE)
            case "gift" | "taken":
                sign = 1 if deed == "gift" else -1
                company.do("add_credit", client=client, amount=str(sign * odd), date=day)
                note(sign * odd, BalanceOrigin.UNKNOWN)
            case "refund" | "by_hand":
                paid = company.do("pay", invoice=number, date=day, transid=f"t{at}")
                way = "credit" if deed == "refund" else "hand"
                company.do("refund", transaction=paid, amount=str(odd), to=way, date=day)
                if deed == "refund":
                    note(odd, BalanceOrigin.REFUND)
            case "returned" | "returned_more":
                paid = company.do("pay", invoice=number, amount=str(gross + odd), date=day)
                note(odd, BalanceOrigin.EXCESS)
                back = str(odd + (Decimal("0.50") if deed == "returned_more" else 0))
                company.do("refund", transaction=paid, amount=back, date=day, transid=f"r{at}")
                company.do("add_credit", client=client, amount=str(-odd), date=day)
                note(-odd, BalanceOrigin.RETURNED)
            case _:
                other = company.invoice(client, str(odd), date=day)
                company.do("mass_pay", invoices=[number, other], date=day, transid=f"m{at}")
    return expected


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(deeds=st.lists(st.sampled_from(DEEDS), min_size=1, max_size=12))
def test_any_history_is_told_as_it_was(wordless: Company, deeds: list[str]) -> None:
    """Random deeds on one client, without a word in the movements: each is what it was."""
    client = wordless.do("create_client", firstname="Ann", lastname="Any", email="a@any.example",
                         country="GB", currency=1, defaultgateway="stripe")  # fmt: skip
    expected = _live(wordless, client, deeds)
    with wordless.open() as source:
        found = [(f"{one.amount.amount:.2f}", one.origin) for one in movements(source, client)]
        assert found == expected
        rows = wordless.box.rows("SELECT id FROM tblinvoices WHERE userid = ?", client)
        for invoice in source.invoices([invoice_ref(row["id"]) for row in rows]):
            assert invoice.holds == ()  # type: ignore[union-attr]
