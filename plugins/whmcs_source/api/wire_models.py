"""Records as WHMCS sends them, field by field. What is not declared here is dropped at once.

Source of names and types: WHMCS API reference, one page an action.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from whmcs_source.api.fields import (
    Amount,
    AmountOrZero,
    Day,
    Flag,
    Id,
    IdOrZero,
    Line,
    Text,
)
from whmcs_source.api.reply_errors import UnreadableReplyError

ModelT = TypeVar("ModelT", bound="WireModel")


class WireModel(BaseModel):
    """Base of all: frozen, unknown fields dropped, contents never shown in an error."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True
    )


class WireVersion(WireModel):
    """WhmcsDetails."""

    version: Line


class WireCurrency(WireModel):
    """A row of GetCurrencies. The default currency has rate 1.00000."""

    id: Id
    code: Line
    rate: AmountOrZero = Decimal(0)


class WireGateway(WireModel):
    """A row of GetPaymentMethods: active gateways only."""

    module: Line
    displayname: Line = ""


class WireRow(WireModel):
    """A row of GetInvoices. It has the currency, which GetInvoice lacks.

    `total` is left out of `gross` on purpose: WHMCS 8 subtracts credit from it.
    """

    id: Id
    userid: Id
    invoicenum: Line = ""
    date: Day = None
    duedate: Day = None
    datepaid: Day = None
    date_refunded: Day = None
    date_cancelled: Day = None
    subtotal: Amount
    credit: AmountOrZero = Decimal(0)
    tax: Amount
    tax2: AmountOrZero = Decimal(0)
    total: Amount
    taxrate: AmountOrZero = Decimal(0)
    taxrate2: AmountOrZero = Decimal(0)
    status: Line = Field(min_length=1)
    paymentmethod: Line = ""
    currencycode: Line = ""
    updated_at: str | None = None

    @property
    def gross(self) -> Decimal:
        """The whole document: net and both taxes."""
        return self.subtotal + self.tax + self.tax2


class WireItem(WireModel):
    """A line of an invoice. `relid` belongs to `type`: a service, a domain, an invoice."""

    id: Id
    type: Line = ""
    relid: IdOrZero = 0
    description: Text = ""
    amount: Amount
    taxed: Flag = False


class WireTransaction(WireModel):
    """A row of GetTransactions, or of the transactions in GetInvoice.

    `billingnoteid` and `type` exist since WHMCS 9 (seen in open modules).
    """

    id: Id
    userid: IdOrZero = 0
    currency: IdOrZero = 0
    gateway: Line = ""
    date: Day
    description: Text = ""
    amountin: AmountOrZero
    fees: AmountOrZero = Decimal(0)
    amountout: AmountOrZero
    rate: AmountOrZero = Decimal(0)
    transid: Line = ""
    invoiceid: IdOrZero = 0
    refundid: IdOrZero = 0
    billingnoteid: IdOrZero = 0
    type: Line = ""


class WireInvoice(WireModel):
    """GetInvoice. Its `status` is the invoice's, not the outcome of the call."""

    id: Id = Field(validation_alias=AliasChoices("invoiceid", "id"))
    userid: Id
    invoicenum: Line = ""
    date: Day = None
    duedate: Day = None
    datepaid: Day = None
    subtotal: Amount
    credit: AmountOrZero = Decimal(0)
    tax: Amount
    tax2: AmountOrZero = Decimal(0)
    total: Amount
    taxrate: AmountOrZero = Decimal(0)
    taxrate2: AmountOrZero = Decimal(0)
    status: Line = Field(min_length=1)
    paymentmethod: Line = ""
    items: tuple[WireItem, ...] = ()
    transactions: tuple[WireTransaction, ...] = ()

    @property
    def gross(self) -> Decimal:
        """The whole document: net and both taxes."""
        return self.subtotal + self.tax + self.tax2


class WireClient(WireModel):
    """The `client` object of GetClientsDetails."""

    id: Id = Field(validation_alias=AliasChoices("client_id", "id", "userid"))
    firstname: Line = ""
    lastname: Line = ""
    companyname: Line = ""
    email: Line = ""
    address1: Line = ""
    address2: Line = ""
    city: Line = ""
    state: Line = Field("", validation_alias=AliasChoices("state", "fullstate"))
    postcode: Line = ""
    country: Line = Field("", validation_alias=AliasChoices("countrycode", "country"))
    phonenumber: Line = ""
    tax_id: Line = ""
    taxexempt: Flag = False
    currency_code: Line = Field(min_length=1)
    credit: AmountOrZero = Decimal(0)


class WireCredit(WireModel):
    """A row of GetCredits: a movement of a client's balance, negative off it.

    What `relid` means is not documented, and the text is free.
    """

    id: Id
    date: Day
    description: Text = ""
    amount: Amount
    relid: IdOrZero = 0


class WireClientRow(WireModel):
    """A row of GetClients."""

    id: Id


class WireService(WireModel):
    """A row of GetClientsProducts. The row also holds a password, which is dropped here."""

    id: Id
    clientid: Id
    name: Line = ""
    groupname: Line = ""


def parse(model: type[ModelT], raw: Mapping[str, Any], record: str) -> ModelT:
    """A record of this kind from one of WHMCS's.

    Raises:
        UnreadableReplyError: a field is missing or makes no sense; it names record and field.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        why = "it is missing" if first["type"] == "missing" else _reason(first["msg"])
        raise UnreadableReplyError(
            f"the field {field} that WHMCS sent cannot be read: {why}",
            remedy=f"look at {record} in WHMCS and correct that field, then run bridge again",
            record=record,
        ) from None


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ")
