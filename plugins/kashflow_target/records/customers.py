"""KashFlow's customers: listed, found, made, brought up to date and marked as ours."""

import re
from collections.abc import Callable, Iterator, Mapping

from bridge.api import (
    Json,
    Kind,
    OutcomeUnknownError,
    Payload,
    Reason,
    RecordRejectedError,
    TargetClient,
    TargetRef,
    TransientError,
    token_at,
)
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.compose.client import guarded
from kashflow_target.soap.client import KashFlowClient
from kashflow_target.soap.refusals import is_absent
from kashflow_target.soap.replies import Row
from kashflow_target.vat.countries import iso_code

_OUR_TEXTS = (
    *("Name", "Contact", "Telephone", "Email", "Address1", "Address2", "Address3", "Address4"),
    *("CountryName", "CountryCode", "Postcode", "ContactFirstName", "ContactLastName"),
    "VATNumber",
)


def as_client(row: Row, books: ResolvedAccount) -> TargetClient:
    """A customer as it stands there, with the fields that `compose_client` would send.

    The e-mail field may hold several addresses (KashFlow manual, Customer); how they are parted is
    not documented, so commas, semicolons and blanks all do.
    """
    currencies = {each.id: each.code for each in books.currencies.values()}
    code = currencies.get(row.whole("CurrencyID"), books.home)
    country = iso_code(row.text("CountryCode").strip().upper())
    body: dict[str, Json] = {name: row.text(name) for name in _OUR_TEXTS}
    body |= {
        "EC": row.whole("EC"),
        "OutsideEC": row.whole("OutsideEC"),
        "CurrencyID": books.currencies[code].id,
        books.reference_field: row.text(books.reference_field),
    }
    return TargetClient(
        ref=TargetRef(Kind.CLIENT, str(row.whole("CustomerID"))),
        key=row.text("Code"),
        reference=row.text(books.reference_field),
        name=row.text("Name"),
        emails=tuple(part.lower() for part in re.split(r"[,;\s]+", row.text("Email")) if part),
        tax_number=row.text("VATNumber"),
        currency=code,
        body=body,
        guarded=guarded(body, country, code if row.whole("CurrencyID") else ""),
    )


class CustomerRecords:
    """Customers of one account."""

    def __init__(self, kashflow: KashFlowClient, books: Callable[[], ResolvedAccount]) -> None:
        self._kashflow = kashflow
        self._books = books

    def all(self) -> Iterator[TargetClient]:
        """Every customer, as KashFlow streams them; it has no pages."""
        books = self._books()
        for row in self._kashflow.rows("GetCustomers", "Customer"):
            yield as_client(row, books)

    def find(self, code: str) -> TargetRef | None:
        """The customer with this code; letter case apart, as KashFlow's own rule is not known."""
        try:
            row = self._kashflow.read("GetCustomer", CustomerCode=code).row
        except RecordRejectedError as error:
            if is_absent(error):
                return None
            raise
        if not _is_there(row) or row.text("Code").casefold() != code.casefold():
            return None
        return TargetRef(Kind.CLIENT, str(row.whole("CustomerID")))

    def create(self, payload: Payload) -> TargetRef:
        """Make one. A code that exists is refused and nothing changed (spree-kashflow 0.1.3)."""
        values = {**payload.body, "Code": payload.natural_key}
        fields = self._kashflow.requests().record("Customer", values)
        made = self._kashflow.insert("InsertCustomer", record=payload.reference, custr=fields)
        return TargetRef(Kind.CLIENT, str(made))

    def update(self, client: TargetRef, payload: Payload) -> None:
        """Read, put our fields over what was read, write all of it back."""
        self._write_back(payload.body, payload.reference, self._read(client))

    def adopt(self, client: TargetRef, payload: Payload) -> None:
        """Write our key into the reference field, and nothing else.

        Raises:
            RecordRejectedError: a person's text stands there, which is not ours to overwrite.
        """
        field = self._books().reference_field
        row = self._read(client)
        there = row.text(field).strip()
        if there == payload.reference:
            return
        if token_at(there) != there:
            raise RecordRejectedError(
                f"customer {row.text('Code')} holds {there!r} in its field {field}",
                remedy=f"empty that field in KashFlow, or choose another one for bridge's key"
                f" under target.customers.reference_field (now {field})",
                record=payload.reference,
                reason=Reason.CLIENT_AMBIGUOUS.value,
            )
        self._write_back({field: payload.reference}, payload.reference, row)

    def remove(self, client: TargetRef) -> None:
        """Delete one, and see that it is gone: the result is 0 either way (php-kashflow)."""
        self._kashflow.write("DeleteCustomer", record=str(client), CustomerID=int(client.id))
        if _is_there(self._left(client)):
            raise RecordRejectedError(
                f"KashFlow did not delete customer {client.id}",
                remedy="delete it by hand in KashFlow; one with documents cannot be deleted",
                record=str(client),
            )

    def _look(self, client: TargetRef) -> Row:
        try:
            return self._kashflow.read("GetCustomerByID", CustomerID=int(client.id)).row
        except RecordRejectedError as error:
            if is_absent(error):
                return Row("Customer", {}, {})
            raise

    def _left(self, client: TargetRef) -> Row:
        try:
            return self._look(client)
        except TransientError as error:
            raise OutcomeUnknownError(
                error.what,
                remedy="look in KashFlow whether the customer is gone",
                record=str(client),
            ) from error

    def _read(self, client: TargetRef) -> Row:
        row = self._look(client)
        if not _is_there(row) or row.text("CustomerID").strip() != client.id:
            raise RecordRejectedError(
                f"KashFlow has no customer {client.id} any more",
                remedy="find out in KashFlow whether it was deleted or merged, then link the client"
                " to the right one",
                record=str(client),
                reason=Reason.REMOTE_MISSING.value,
            )
        return row

    def _write_back(self, ours: Mapping[str, Json], record: str, row: Row) -> None:
        """UpdateCustomer finds the record by CustomerID; what its result says is not known."""
        fields = self._kashflow.requests().merged_customer(row, ours)
        self._kashflow.write("UpdateCustomer", record=record, custr=fields)


def _is_there(row: Row) -> bool:
    """Whether an answer names a customer at all: KashFlow may say OK and give a blank one."""
    return row.text("CustomerID").strip() not in {"", "0"}
