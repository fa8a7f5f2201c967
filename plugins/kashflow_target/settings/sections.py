"""The sections under `target:` in bridge.yaml."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from kashflow_target.settings.names import Name, name_from, name_schema

NameSetting = Annotated[Name, BeforeValidator(name_from), name_schema()]


class Section(BaseModel):
    """What every section is: frozen, and without keys that nobody knows."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True
    )


def also_a_word(word: str) -> Any:
    """A schema that takes `word` beside what the model says, for editors."""

    def extend(schema: dict[str, Any]) -> None:
        whole = dict(schema)
        schema.clear()
        schema["anyOf"] = [{"const": word}, whole]

    return extend


def from_word(value: Any, word: str, mapping: str) -> Any:
    """The mapping that a section's short form stands for; what is no word as it came.

    Args:
        value: What stands in the file.
        word: The short form, and the flag of the section that it sets.
        mapping: How the long form is written, for who wrote another word.
    """
    if not isinstance(value, str):
        return value
    if value == word:
        return {word: True}
    msg = f"{value!r} is not an answer: write {word}, or {mapping}"
    raise ValueError(msg)


class GatewaySettings(Section):
    """Where the payments of one gateway go: `bank_feed`, or a method and an account."""

    model_config = ConfigDict(json_schema_extra=also_a_word("bank_feed"))

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
        return from_word(value, "bank_feed", "{method: ..., account: ...}")

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


class NominalSettings(Section):
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


class VatRowSettings(Section):
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
    foreign_vat: bool = Field(
        default=False,
        description="The tax is another state's: it goes on a line of its own to the nominal of"
        " `eu_consumer_vat`, and `kashflow` (0 or -1) is for the net amount.",
    )

    @model_validator(mode="after")
    def _never_as_uk_vat(self) -> "VatRowSettings":
        if self.foreign_vat and (not self.rate or self.kashflow > 0):
            msg = "foreign_vat is for a rate above 0 of which KashFlow is told 0 or -1"
            raise ValueError(msg)
        if self.rate and self.kashflow <= 0 and not self.foreign_vat:
            msg = (
                f"tax of {self.rate} % would stand in KashFlow as VAT of the account's own state:"
                " write foreign_vat: true, and eu_consumer_vat under target"
            )
            raise ValueError(msg)
        return self

    @field_validator("rate", "kashflow", mode="before")
    @classmethod
    def _exact(cls, value: Any) -> Any:
        return Decimal(str(value)) if isinstance(value, float) else value

    @field_validator("country")
    @classmethod
    def _upper(cls, value: list[str]) -> list[str]:
        return [country.strip().upper() for country in value]


class CustomerSettings(Section):
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
