"""The keys under `target:` in bridge.yaml. The settings table in the docs is made from these."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from kashflow_target.names import Name, name_from, name_schema
from kashflow_target.refusals import known_reason

LIVE_ENDPOINT = "https://securedwebapp.com/api/service.asmx"

NameSetting = Annotated[Name, BeforeValidator(name_from), name_schema()]


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True
    )


def _also_a_word(word: str) -> Any:
    """A schema that takes `word` beside what the model says, for editors."""

    def extend(schema: dict[str, Any]) -> None:
        whole = dict(schema)
        schema.clear()
        schema["anyOf"] = [{"const": word}, whole]

    return extend


class GatewaySettings(_Section):
    """Where the payments of one gateway go: `bank_feed`, or a method and an account."""

    model_config = ConfigDict(json_schema_extra=_also_a_word("bank_feed"))

    bank_feed: bool = Field(
        default=False,
        description="True when a bank feed brings these payments already, so that none is posted."
        " Short form: the word `bank_feed` in place of the mapping.",
    )
    method: NameSetting | None = Field(
        default=None, description="The KashFlow payment method, by name or `{id: 5}`."
    )
    account: NameSetting | None = Field(
        default=None,
        description="The KashFlow bank account, by name, `{code: 1210}` or `{id: 310451}`.",
    )
    currencies: dict[str, NameSetting] = Field(
        default_factory=dict,
        description="Another account for payments in a currency: `{EUR: PayPal EUR}`.",
    )

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        if isinstance(value, str):
            if value == "bank_feed":
                return {"bank_feed": True}
            msg = f"{value!r} is not an answer: write bank_feed, or {{method: ..., account: ...}}"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _complete(self) -> "GatewaySettings":
        if self.bank_feed and (self.method or self.account or self.currencies):
            msg = "a bank feed brings these payments: leave method and account out"
            raise ValueError(msg)
        if not self.bank_feed and not (self.method and self.account):
            missing = "account" if self.method else "method"
            msg = f"{missing} is missing: write {{method: ..., account: ...}}, or bank_feed"
            raise ValueError(msg)
        return self


class NominalSettings(_Section):
    """Which sales type or nominal a line takes: product before group before type before default."""

    default: NameSetting = Field(
        description="For lines that nothing below names, by name, `{code: 4000}` or `{id: 77001}`."
    )
    types: dict[str, NameSetting] = Field(
        default_factory=dict,
        description="By the source's own line type: `{Domain: Domain Names, LateFee: Late Fees}`.",
    )
    products: dict[str, NameSetting] = Field(
        default_factory=dict, description="By the product's name: `{Reseller Gold: Resale}`."
    )
    groups: dict[str, NameSetting] = Field(
        default_factory=dict,
        description="By the name of the product's group: `{Servers: Servers}`.",
    )
    discounts: NameSetting | None = Field(
        default=None,
        description="For negative lines that reduce no one line. Without it they are held"
        " (nominal_missing).",
    )


class VatRowSettings(_Section):
    """One row of a VAT table of your own; each line of an invoice must fit exactly one."""

    name: str = Field(min_length=1, description="How `bridge explain` names the row.")
    country_class: Literal["uk", "eu", "world"] | None = Field(
        default=None,
        alias="class",
        description="Where the client is: `uk` (with the Isle of Man), `eu` or `world`.",
    )
    country: list[str] = Field(
        default_factory=list,
        description="Or single countries, ISO 3166 (Greece is GR): `[FR, DE]`.",
    )
    vat_number: Literal["valid", "none", "any"] = Field(
        default="any",
        description="`valid`: valid in form for the client's country; `none`: absent or not valid.",
    )
    exempt: bool | None = Field(
        default=None, description="Only clients that the source marks tax exempt, or only others."
    )
    line_types: list[str] = Field(
        default_factory=list, description="Only lines of these types; empty is all."
    )
    rate: Decimal = Field(
        ge=0, le=100, description="Percent that the source charged on the line; 0 is no tax."
    )
    first_day: dt.date | None = Field(
        default=None, alias="from", description="First day of documents that the row is for."
    )
    last_day: dt.date | None = Field(
        default=None, alias="to", description="Last day of documents that the row is for."
    )
    kashflow: Decimal = Field(
        ge=-1,
        le=100,
        description="The rate that KashFlow is told: percent; 0 reaches the VAT return, -1 (N/A)"
        " reaches no VAT report.",
    )

    @field_validator("rate", "kashflow", mode="before")
    @classmethod
    def _exact(cls, value: Any) -> Any:
        return Decimal(str(value)) if isinstance(value, float) else value

    @field_validator("country")
    @classmethod
    def _upper(cls, value: list[str]) -> list[str]:
        return [country.strip().upper() for country in value]


class CustomerSettings(_Section):
    """How an existing customer is recognised, and marked as ours."""

    match: tuple[Literal["code", "email"], ...] = Field(
        default=("code", "email"),
        description="By what, in this order. `code` is the one that bridge derives from the"
        " client's id; `email` adopts only where exactly one customer has it and the name or VAT"
        " number agrees.",
    )
    reference_field: str = Field(
        default="ExtraText20",
        pattern=r"^ExtraText([1-9]|1[0-9]|20)$",
        description="The custom text field of the customer that holds bridge's key:"
        " ExtraText1 to ExtraText20.",
    )


def _uk_is_none(value: Any) -> Any:
    return None if value == "uk" else value


def _uk_in_schema(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"const": "uk"}, *schema.get("anyOf", [])]
    schema["default"] = "uk"


_NOT_BUILT = (
    "client_balances",
    "exchange_differences",
    "price_reductions",
    "refund_to_balance",
    "cancelled_after_booking",
    "manual_credits",
    "eu_consumer_vat",
)


def _not_built() -> Any:
    return Field(
        default=None, description="Not built yet, and refused: what it would decide is held."
    )


class KashFlowSettings(_Section):
    """KashFlow, and how what was billed is booked there."""

    endpoint: str = Field(
        default=LIVE_ENDPOINT,
        description="Address of the SOAP service, or the word `sandbox` for the built-in stand-in.",
    )
    username: str = Field(min_length=1, description="The KashFlow login name.")
    password: SecretStr = Field(
        min_length=1,
        description="The API password where the account has one of its own, else the login's.",
    )
    timeout_s: int = Field(
        default=60, ge=1, le=600, description="Seconds to wait for KashFlow's answer to one call."
    )
    gateways: dict[str, GatewaySettings] = Field(
        default_factory=dict,
        description="The source's gateway -> KashFlow payment method and bank account, or"
        " `bank_feed`. Payments of a gateway that is missing here are held (gateway_unmapped).",
    )
    nominals: NominalSettings = Field(
        description="Which sales type or nominal code each line is booked to."
    )
    vat_rules: Annotated[list[VatRowSettings] | None, BeforeValidator(_uk_is_none)] = Field(
        default=None,
        json_schema_extra=_uk_in_schema,
        description="`uk`, the shipped table, or a list of rows of your own.",
    )
    fees: Literal["on_gateway_invoice"] | None = Field(
        default=None,
        description="`on_gateway_invoice`: the gateway's own bill is booked by hand. Without it an"
        " invoice whose payment bore a fee is held (fee_unmapped).",
    )
    invoice_rate: Literal["kashflow", "source"] = Field(
        default="kashflow",
        description="The exchange rate of a foreign invoice: the one stored in KashFlow, or the"
        " source's own where that is based on KashFlow's home currency.",
    )
    foreign_payments: Literal["home", "invoice"] = Field(
        default="home",
        description="The currency of payments on foreign invoices. KashFlow keeps payments in home"
        " currency; confirm on your own account before choosing `invoice`.",
    )
    books_closed_to: dt.date | None = Field(
        default=None, description="Nothing is dated on or before this day."
    )
    when_closed: Literal["hold", "first_open_day"] = Field(
        default="hold",
        description="What to do with a document of a closed day: hold it, or date it on the first"
        " open day with its own day in the reference.",
    )
    customers: CustomerSettings = Field(
        default_factory=CustomerSettings,
        description="How an existing customer is recognised, and marked as ours.",
    )
    refusal_texts: dict[str, str] = Field(
        default_factory=dict,
        description="Texts with which KashFlow refused, or a part of them -> a reason code, or"
        " `access` when nothing can be booked until it is cured.",
    )
    client_balances: None = _not_built()
    exchange_differences: None = _not_built()
    price_reductions: None = _not_built()
    refund_to_balance: None = _not_built()
    cancelled_after_booking: None = _not_built()
    manual_credits: None = _not_built()
    eu_consumer_vat: None = _not_built()

    @field_validator(*_NOT_BUILT, mode="before")
    @classmethod
    def _refused(cls, _value: Any, info: ValidationInfo) -> Any:
        msg = f"{info.field_name} is not built yet: leave it out; what it would decide is held"
        raise ValueError(msg)

    @field_validator("fees", mode="before")
    @classmethod
    def _fees(cls, value: Any) -> Any:
        if isinstance(value, dict):
            msg = (
                "{nominal: ...} is not built yet: write on_gateway_invoice, or leave fees out;"
                " what it would decide is held"
            )
            raise ValueError(msg)
        return value

    @field_validator("endpoint")
    @classmethod
    def _safe(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme == "https" and parts.hostname:
            return value
        if parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}:
            return value
        msg = f"{value!r} is no https:// address: the password would travel in the open"
        raise ValueError(msg)

    @field_validator("gateways", mode="after")
    @classmethod
    def _currencies(cls, value: dict[str, GatewaySettings]) -> dict[str, GatewaySettings]:
        for gateway, mapping in value.items():
            odd = [code for code in mapping.currencies if not _is_code(code)]
            if odd:
                msg = f"{gateway}.currencies: {odd[0]!r} is not a currency code like EUR"
                raise ValueError(msg)
        return value

    @field_validator("refusal_texts")
    @classmethod
    def _reasons(cls, value: dict[str, str]) -> dict[str, str]:
        return {text: known_reason(reason) for text, reason in value.items()}


def _is_code(text: str) -> bool:
    return len(text) == 3 and text.isascii() and text.isalpha() and text.isupper()
