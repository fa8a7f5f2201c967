"""The keys under `target:` in bridge.yaml. The settings table in the docs is made from these."""

from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from kashflow_target.settings.money_sections import (
    BalanceSettings,
    CreditSettings,
    DifferenceSettings,
    FeeSettings,
    ForeignVatSettings,
)
from kashflow_target.settings.sections import (
    CustomerSettings,
    GatewaySettings,
    NominalSettings,
    Section,
    VatRowSettings,
)
from kashflow_target.soap.refusals import known_reason

LIVE_ENDPOINT = "https://securedwebapp.com/api/service.asmx"


def _uk_is_none(value: Any) -> Any:
    return None if value == "uk" else value


def _uk_in_schema(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"const": "uk"}, *schema.get("anyOf", [])]
    schema["default"] = "uk"


def _hold_is_none(value: Any) -> Any:
    return None if value == "hold" else value


def _or_hold(schema: dict[str, Any]) -> None:
    schema["anyOf"] = [{"const": "hold"}, *schema.get("anyOf", [])]
    schema["default"] = "hold"


class KashFlowSettings(Section):
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
    fees: FeeSettings | None = Field(
        default=None,
        description="`on_gateway_invoice`: the gateway's own bill is booked by hand; or"
        " `{nominal: ...}`. Without it an invoice whose payment bore a fee is held (fee_unmapped).",
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
    customers: CustomerSettings = Field(
        default_factory=CustomerSettings,
        description="How an existing customer is recognised, and marked as ours.",
    )
    refusal_texts: dict[str, str] = Field(
        default_factory=dict,
        description="Texts with which KashFlow refused, or a part of them -> a reason code, or"
        " `access` when nothing can be booked until it is cured.",
    )
    client_balances: BalanceSettings | None = Field(
        default=None,
        description="Where clients' balances are kept. Without it invoices that add to one or use"
        " one are held (prepayment_unmapped, credit_unmapped).",
    )
    exchange_differences: DifferenceSettings | None = Field(
        default=None,
        description="Without it a foreign payment that is worth more or less than the invoice was"
        " booked at is held (exchange_difference).",
    )
    manual_credits: Annotated[CreditSettings | None, BeforeValidator(_hold_is_none)] = Field(
        default=None,
        json_schema_extra=_or_hold,
        description="Balances that staff gave or took without money: `hold`, or the nominal that"
        " bears them.",
    )
    bank_account_by: Literal["id", "code"] = Field(
        default="id",
        description="How a bank transaction names its account. KashFlow's manual says the nominal"
        " code, live answers show ids; confirm on your own account before choosing `code`.",
    )
    eu_consumer_vat: Annotated[ForeignVatSettings | None, BeforeValidator(_hold_is_none)] = Field(
        default=None,
        json_schema_extra=_or_hold,
        description="Sales to EU consumers that bear the VAT of their own country: `hold`"
        " (foreign_vat), or the nominal that their VAT goes to as a line of its own.",
    )

    @model_validator(mode="after")
    def _foreign_vat_somewhere(self) -> "KashFlowSettings":
        apart = [row.name for row in self.vat_rules or () if row.foreign_vat]
        if apart and self.eu_consumer_vat is None:
            msg = f"vat_rules: {apart[0]!r} is about foreign VAT: say where, under eu_consumer_vat"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _balances_first(self) -> "KashFlowSettings":
        if self.manual_credits and self.client_balances is None:
            msg = (
                "manual_credits moves clients' balances: say where they are, under client_balances"
            )
            raise ValueError(msg)
        return self

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
