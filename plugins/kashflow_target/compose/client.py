"""From a client to a KashFlow customer. Pure."""

import datetime as dt
from collections.abc import Mapping, Sequence

from bridge.api import Client, Hold, Json, Kind, Payload, Reference, Rule, code_of
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.compose.field_text import one_line
from kashflow_target.vat.countries import (
    CountryClass,
    country_class,
    country_name,
    is_vat_number,
    kashflow_code,
)

_ADDRESS_LINES = 4
# A customer has no date, so the membership of the latest day counts.
_LATEST = dt.date.max


def compose_client(client: Client, reference: Reference, books: ResolvedAccount) -> Payload | Hold:
    """The customer that stands for `client`, in KashFlow's own fields.

    `Code` is the natural key and not in the body: an adopted customer keeps its own.
    """
    currency = books.currency(client.currency)
    if isinstance(currency, Hold):
        return currency
    token = one_line(str(reference))
    where = country_class(client.country, _LATEST)
    business = where is CountryClass.EU and is_vat_number(client.tax_number, client.country)
    address = folded(
        [one_line(line) for line in client.address], one_line(client.town), one_line(client.county)
    )
    body: dict[str, Json] = {
        "Name": one_line(client.name) or one_line(client.email) or token,
        "Contact": one_line(client.person),
        "Telephone": one_line(client.phone),
        "Email": one_line(client.email),
        **{f"Address{place + 1}": line for place, line in enumerate(address)},
        "CountryName": country_name(client.country) if client.country else "",
        "CountryCode": kashflow_code(client.country),
        "Postcode": one_line(client.postcode),
        # EC: VAT registered in another EC state; OutsideEC: outside it (KashFlow manual, Customer).
        "EC": int(business),
        "OutsideEC": int(where is CountryClass.WORLD),
        "CurrencyID": currency.id,
        "ContactFirstName": one_line(client.first_name),
        "ContactLastName": one_line(client.last_name),
        "VATNumber": one_line(client.tax_number),
        books.reference_field: token,
    }
    return Payload(
        kind=Kind.CLIENT,
        body=body,
        reference=token,
        date=None,
        net=None,
        tax=None,
        # KashFlow takes letters and digits alone, and keeps codes unique (spree-kashflow's change
        # log; WHMCS, KashFlow Accounting, common problems): one that follows from the source's id
        # can be made only once.
        natural_key=code_of(reference.token),
        guarded=guarded(body, client.country, client.currency),
        rules=(
            Rule("client", "currency matched by code", f"{client.currency} (id {currency.id})"),
            Rule("client", f"country class of {client.country or 'no country'}", where.value),
        ),
    )


def guarded(body: Mapping[str, Json], country: str, currency: str) -> dict[str, str]:
    """What must not change silently once documents are posted: it decides the VAT.

    Args:
        body: Of a customer, sent or found.
        country: ISO 3166; empty where it is not known, and then the class is left out.
        currency: ISO 4217, or empty where the customer has none of its own.
    """
    classes = {"country class": country_class(country, _LATEST).value} if country else {}
    return {
        **classes,
        "EC": str(body["EC"]),
        "OutsideEC": str(body["OutsideEC"]),
        "VAT number": str(body["VATNumber"]),
        "currency": currency,
    }


def folded(address: Sequence[str], town: str, county: str) -> tuple[str, str, str, str]:
    """An address on exactly four lines, of which nothing is lost.

    Town and county keep lines of their own; what does not fit of the street lines is joined.

    >>> folded(["Unit 4", "The Old Mill", "Mill Lane", "Ham"], "York", "Yorkshire")
    ('Unit 4', 'The Old Mill, Mill Lane, Ham', 'York', 'Yorkshire')
    """
    street = [line for line in address if line]
    place = [line for line in (town, county) if line]
    room = _ADDRESS_LINES - len(place)
    if len(street) > room:
        street = [*street[: room - 1], ", ".join(street[room - 1 :])]
    first, second, third, fourth = ([*street, *place] + [""] * _ADDRESS_LINES)[:_ADDRESS_LINES]
    return first, second, third, fourth
