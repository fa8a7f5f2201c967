"""The keys under `target:`: what is taken, what is refused, and in which words."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from kashflow_target.account.reference_data import AccountData, resolve
from kashflow_target.settings import money_sections, sections
from kashflow_target.settings.names import AccountItem, Name, Register, name_from
from kashflow_target.settings.settings import LIVE_ENDPOINT, KashFlowSettings
from kashflow_target.soap.refusals import ACCESS, Refusals
from pydantic import BaseModel, ValidationError

from bridge.api import AccessError, ConfigError, Problem, RecordRejectedError

REQUIRED: dict[str, Any] = {
    "username": "northwind",
    "password": "secret-word",
    "nominals": {"default": "Web Hosting"},
}


def validated(**changes: Any) -> KashFlowSettings:
    return KashFlowSettings.model_validate({**REQUIRED, **changes})


def refused(**changes: Any) -> dict[str, str]:
    """What is wrong, by dotted key."""
    with pytest.raises(ValidationError) as caught:
        validated(**changes)
    return {".".join(map(str, each["loc"])): each["msg"] for each in caught.value.errors()}


def test_what_is_required_is_little() -> None:
    settings = validated()
    assert settings.endpoint == LIVE_ENDPOINT
    assert settings.password.get_secret_value() == "secret-word"
    assert "secret-word" not in repr(settings)
    assert settings.foreign_payments == "home"
    assert settings.invoice_rate == "kashflow"
    assert settings.vat_rules is None


def test_the_settings_of_the_documentation_are_taken() -> None:
    """Every form of a name, a bank feed, both spellings of the VAT table."""
    settings = validated(
        gateways={
            "stripe": {"method": "Credit Card", "account": {"code": 1210}},
            "paypal": {
                "method": {"id": 5},
                "account": 310452,
                "currencies": {"EUR": "PayPal EUR"},
            },
            "banktransfer": "bank_feed",
        },
        vat_rules="uk",
        customers={"match": ["code"], "reference_field": "ExtraText1"},
        refusal_texts={"period is locked": "locked period", "switched off": "API disabled"},
    )
    assert settings.gateways["banktransfer"].bank_feed
    assert settings.gateways["paypal"].account == Name(number=310452)
    assert settings.refusal_texts == {"period is locked": "period_locked", "switched off": ACCESS}


ROW = {"name": "French VAT", "country": ["FR"], "rate": 20}
APART = {"nominal": "OSS VAT"}


def test_foreign_vat_is_held_unless_it_is_said_where_it_goes() -> None:
    assert validated().eu_consumer_vat is None
    assert validated(eu_consumer_vat="hold").eu_consumer_vat is None
    apart = validated(eu_consumer_vat=APART).eu_consumer_vat
    assert apart
    assert (apart.nominal, apart.kashflow) == (Name(text="OSS VAT"), Decimal(0))
    wrong = refused(eu_consumer_vat={**APART, "kashflow": 20})
    assert "would be UK VAT" in wrong["eu_consumer_vat.kashflow"]


def test_a_row_never_books_foreign_vat_as_uk_vat() -> None:
    """Tax of which KashFlow is told 0 % or N/A would still stand in its VAT account."""
    for told in (0, -1):
        wrong = refused(vat_rules=[{**ROW, "kashflow": told}])
        assert "VAT of the account's own state" in "".join(wrong.values())
    row = {**ROW, "kashflow": 0, "foreign_vat": True}
    assert "say where, under eu_consumer_vat" in refused(vat_rules=[row])[""]
    assert validated(vat_rules=[row], eu_consumer_vat=APART).vat_rules
    odd = refused(vat_rules=[{**row, "kashflow": 20}], eu_consumer_vat=APART)
    assert "foreign_vat is for a rate above 0" in "".join(odd.values())


BALANCES = {"method": "Client balance", "account": "Client Balances"}


def test_what_moves_balances_needs_to_know_where_they_are() -> None:
    given = {"manual_credits": {"nominal": "Goodwill"}}
    assert "manual_credits moves clients' balances" in refused(**given)[""]
    assert validated(client_balances=BALANCES, **given).manual_credits


def test_the_ledger_account_of_balances_is_one(make_account: Callable[..., AccountData]) -> None:
    """A bank account and a nominal that are two accounts would never come to nothing."""
    settings = validated(client_balances=BALANCES)
    balances = resolve(settings, make_account()).ledger.balances
    assert balances
    assert (balances.account.id, balances.nominal.id) == (310455, 18685810)
    two = validated(client_balances={**BALANCES, "nominal": "Card Fees"})
    with pytest.raises(ConfigError) as caught:
        resolve(two, make_account())
    [problem] = caught.value.problems
    assert problem.key == "target.client_balances.nominal"
    assert "Client Balances (2210)" in problem.what
    assert "Card Fees (7901)" in problem.what


def test_a_bank_account_without_a_nominal_takes_no_balances(
    make_account: Callable[..., AccountData],
) -> None:
    settings = validated(client_balances={**BALANCES, "account": "PayPal EUR"})
    with pytest.raises(ConfigError, match="code 1221"):
        resolve(settings, make_account())


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"gateway": {}}, "gateway", "Extra inputs"),
        ({"endpoint": "http://securedwebapp.com/api"}, "endpoint", "in the open"),
        ({"endpoint": "securedwebapp.com"}, "endpoint", "https://"),
        ({"gateways": {"a": "bankfeed"}}, "gateways.a", "write bank_feed, or"),
        ({"gateways": {"a": {"method": "BACS"}}}, "gateways.a", "account is missing"),
        ({"gateways": {"a": {"account": "BACS"}}}, "gateways.a", "method is missing"),
        (
            {"gateways": {"a": {"method": {"name": "x"}, "account": "y"}}},
            "gateways.a.method",
            "names nothing",
        ),
        (
            {"gateways": {"a": {"method": True, "account": "y"}}},
            "gateways.a.method",
            "names nothing",
        ),
        (
            {"gateways": {"a": {"method": "x", "account": "y", "currencies": {"euro": "z"}}}},
            "gateways",
            "not a currency code",
        ),
        ({"nominals": {}}, "nominals.default", "required"),
        ({"vat_rules": [{"name": "a", "kashflow": 0}]}, "vat_rules.0.rate", "required"),
        ({"timeout_s": 0}, "timeout_s", "greater"),
        ({"fees": "gateway"}, "fees", "write on_gateway_invoice, or"),
        ({"fees": {}}, "fees", "either on_gateway_invoice or"),
        ({"manual_credits": {}}, "manual_credits.nominal", "required"),
        ({"client_balances": {"method": "x"}}, "client_balances.account", "required"),
        ({"customers": {"reference_field": "ExtraText21"}}, "customers.reference_field", "match"),
        ({"refusal_texts": {"x": "whatever"}}, "refusal_texts", "is no reason"),
        ({"password": ""}, "password", "at least 1"),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(
    changes: dict[str, Any], key: str, words: str
) -> None:
    assert words in refused(**changes)[key]


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:8702/api/service.asmx", LIVE_ENDPOINT])
def test_plain_http_is_for_loopback_only(endpoint: str) -> None:
    assert validated(endpoint=endpoint).endpoint == endpoint


def test_every_key_has_a_description() -> None:
    """The settings table in the docs is made from them."""

    def undescribed(model: type[BaseModel]) -> list[str]:
        return [name for name, field in model.model_fields.items() if not field.description]

    models: list[type[BaseModel]] = [KashFlowSettings]
    models += [
        each
        for each in (*vars(sections).values(), *vars(money_sections).values())
        if isinstance(each, type) and issubclass(each, BaseModel) and each is not BaseModel
    ]
    assert len(models) > 4
    assert [name for model in models for name in undescribed(model)] == []


def test_the_schema_takes_the_short_forms() -> None:
    """Editors check bridge.yaml against it."""
    schema = KashFlowSettings.model_json_schema()
    assert {"const": "uk"} in schema["properties"]["vat_rules"]["anyOf"]
    assert {"const": "bank_feed"} in schema["$defs"]["GatewaySettings"]["anyOf"]
    name = schema["$defs"]["NominalSettings"]["properties"]["default"]
    assert {"type": "string"} in name["anyOf"]


ACCOUNTS = Register(
    "bank account",
    (
        AccountItem(1220, "Current Account", 1200),
        AccountItem(310451, "Card Clearing", 1210),
        AccountItem(310452, "PayPal", 1220),
        AccountItem(310453, "Twice", 1300),
        AccountItem(310454, "Twice", 1310),
    ),
)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("Card Clearing", 310451),
        ("  card   clearing ", 310451),
        ({"code": 1220}, 310452),
        ({"id": 1220}, 1220),
        (1210, 310451),
        (310451, 310451),
    ],
)
def test_a_thing_is_found_by_name_code_or_id(written: Any, found: int) -> None:
    answer = ACCOUNTS.find(name_from(written), "target.x")
    assert isinstance(answer, AccountItem)
    assert answer.id == found


@pytest.mark.parametrize(
    ("written", "what", "remedy"),
    [
        (1220, "1220 fits more than one", "{code: ...} or {id: ...}"),
        ("Twice", "fits more than one", "{code: ...} or {id: ...}"),
        ("Card Clearin", "has no bank account 'Card Clearin'", "Card Clearing"),
        ("Zzz", "has no bank account 'Zzz'", "Current Account (1200)"),
        ({"code": 9}, "has no bank account with code 9", "one of"),
        (9, "has no bank account with code or id 9", "one of"),
    ],
)
def test_what_is_not_found_is_told_with_the_nearest(written: Any, what: str, remedy: str) -> None:
    """A number that is one thing's code and another's id is nobody's."""
    answer = ACCOUNTS.find(name_from(written), "target.x")
    assert isinstance(answer, Problem)
    assert what in answer.what
    assert remedy in answer.remedy
    assert answer.key == "target.x"


def test_all_names_that_do_not_resolve_are_told_at_once(
    make_account: Callable[..., AccountData],
) -> None:
    """One error, one problem each, under the key where it stands."""
    settings = validated(
        gateways={
            "stripe": {"method": "Credit Crad", "account": "Card Clearing"},
            "paypal": {"method": "PayPal", "account": {"code": 9}, "currencies": {"SEK": "PayPal"}},
        },
        nominals={"default": "Web Hostin", "types": {"Domain": "Domain Names"}},
    )
    with pytest.raises(ConfigError) as caught:
        resolve(settings, make_account())
    assert {problem.key for problem in caught.value.problems} == {
        "target.gateways.stripe.method",
        "target.gateways.paypal.account",
        "target.gateways.paypal.currencies.SEK",
        "target.nominals.default",
    }
    assert all(problem.remedy for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("Incorrect username or password", AccessError, ""),
        ("The IP address of 203.0.113.9 is not in the access list", AccessError, ""),
        ("The API has been disabled", AccessError, ""),
        ("The API has not been switched on for this account", AccessError, ""),
        ("Your account is locked", AccessError, ""),
        ("Customer Code is not unique", RecordRejectedError, ""),
        (
            "the customer code specified is invalid, please re-enter",
            RecordRejectedError,
            "text_rejected",
        ),
        ("This date falls in a closed period", RecordRejectedError, "period_locked"),
        ("Transactions before 31/03/2026 are locked", RecordRejectedError, "period_locked"),
        ("Something new", RecordRejectedError, ""),
        ("", RecordRejectedError, ""),
    ],
)
def test_refusals_are_sorted_by_what_happens_next(
    text: str, kind: type[Exception], reason: str
) -> None:
    error = Refusals().error(text, operation="InsertInvoice", record="WHMCS-501")
    assert isinstance(error, kind)
    assert error.remedy
    if isinstance(error, RecordRejectedError):
        assert (error.reason, error.text) == (reason, text)


def test_an_address_that_is_not_allowed_is_named_with_where_to_add_it() -> None:
    text = "The IP address of 203.0.113.9 is not in the access list"
    error = Refusals().error(text, operation="x", record="")
    assert "203.0.113.9" in error.what
    assert "add 203.0.113.9 in KashFlow" in error.remedy


def test_what_an_operator_taught_comes_first() -> None:
    """Part of a text, in any case, with the reason that was given."""
    settings = validated(refusal_texts={"nominal is archived": "nominal_missing", "gone": "access"})
    refusals = Refusals(settings.refusal_texts)
    error = refusals.error("That Nominal is ARCHIVED.", operation="x", record="WHMCS-1")
    assert isinstance(error, RecordRejectedError)
    assert error.reason == "nominal_missing"
    assert isinstance(refusals.error("It is gone", operation="x", record=""), AccessError)
