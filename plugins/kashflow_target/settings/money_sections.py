"""The sections under `target:` about money that is no payment through a gateway."""

from decimal import Decimal
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from kashflow_target.settings.sections import NameSetting, Section, also_a_word, from_word


class BalanceSettings(Section):
    """The one ledger account that clients' balances are kept on."""

    method: NameSetting = Field(
        description="The payment method of what is paid from a balance, by name or `{id: 5}`."
    )
    account: NameSetting = Field(
        description="The ledger account of all balances, as a KashFlow bank account: by name,"
        " `{code: 2210}` or `{id: 310455}`."
    )
    nominal: NameSetting | None = Field(
        default=None,
        description="The same ledger account as a nominal. Left out, it is the nominal with the"
        " bank account's code.",
    )
    vat: Literal["undecided", "when_used", "on_receipt"] = Field(
        default="undecided",
        description="When money paid in advance bears VAT. `undecided`: invoices that only add to"
        " a balance are held; `when_used`: they are booked outside VAT; `on_receipt`: they are held"
        " with the VAT that you owe.",
    )


class FeeSettings(Section):
    """Where the gateways' fees go: `on_gateway_invoice`, or a nominal."""

    model_config = ConfigDict(json_schema_extra=also_a_word("on_gateway_invoice"))

    on_gateway_invoice: bool = Field(
        default=False,
        description="True when the gateways' own bills are booked by hand. Short form: the word"
        " `on_gateway_invoice` in place of the mapping.",
    )
    nominal: NameSetting | None = Field(
        default=None,
        description="Each fee is money out of the gateway's account to this nominal, outside VAT.",
    )

    @model_validator(mode="before")
    @classmethod
    def _word(cls, value: Any) -> Any:
        return from_word(value, "on_gateway_invoice", "{nominal: ...}")

    @model_validator(mode="after")
    def _one(self) -> "FeeSettings":
        if self.on_gateway_invoice == bool(self.nominal):
            msg = "write either on_gateway_invoice or {nominal: ...}"
            raise ValueError(msg)
        return self


class DifferenceSettings(Section):
    """Where exchange differences go."""

    nominal: NameSetting = Field(
        description="What a foreign payment brought beyond the booked value, or less, goes to this"
        " nominal, outside VAT."
    )


class CreditSettings(Section):
    """Where balances go that staff gave or took."""

    nominal: NameSetting = Field(
        description="What staff put on a client's balance is taken from this nominal, outside VAT."
    )


class ForeignVatSettings(Section):
    """Where VAT of another state goes."""

    nominal: NameSetting = Field(
        description="What consumers elsewhere in the EU paid of their own country's VAT goes to"
        " this nominal, outside UK VAT: a liability that nothing else uses."
    )
    kashflow: Decimal = Field(
        default=Decimal(0),
        description="The rate that KashFlow is told of the net amount: 0 reaches the VAT return"
        " (box 6), -1 (N/A) reaches no VAT report.",
    )

    @field_validator("kashflow")
    @classmethod
    def _no_uk_vat(cls, value: Decimal) -> Decimal:
        if value not in {Decimal(0), Decimal(-1)}:
            msg = f"{value} would be UK VAT: write 0 or -1"
            raise ValueError(msg)
        return value
