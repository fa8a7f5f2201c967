"""The core's own settings. A plugin's section is validated by the plugin's model."""

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

_DATABASE = re.compile(r"(?P<name>[a-z]+)(?:\+\w+)?://(?P<rest>.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DATABASES = ("sqlite", "postgresql", "mysql", "mariadb")


class Refusal(ValueError):
    """A value is refused. pydantic collects it like any ValueError.

    A plugin's model does the same with a ValueError of two texts: what is wrong, and what to do.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)


def _day(value: object) -> object:
    """Only a written day: pydantic would also take a number, as seconds since 1970."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    try:
        return dt.date.fromisoformat(value) if isinstance(value, str) else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> object:
    raise Refusal("it is not a day", "write it as year-month-day, such as 2026-04-01")


Day = Annotated[dt.date, BeforeValidator(_day)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class SyncSettings(_Model):
    """What a run does, and how patiently."""

    start_date: Annotated[
        Day, Field(description="what became bookable before this day stays out of the books")
    ]
    book_when: Annotated[
        Literal["paid", "issued"],
        Field(description="an invoice becomes bookable when it is paid, or when it is issued"),
    ] = "paid"
    vat_scheme: Annotated[
        Literal["standard", "cash"],
        Field(description="VAT accounting: `standard` by invoice, `cash` by payment"),
    ] = "standard"
    unpaid_documents: Annotated[
        Literal["proforma", "vat_invoice"],
        Field(description="what an unpaid invoice of the source is in law"),
    ]
    batch_limit: Annotated[
        int, Field(ge=0, description="invoices acted on in a run; 0 is no limit")
    ] = 200
    max_minutes: Annotated[
        int,
        Field(
            ge=0, description="minutes after which a run begins no further invoice; 0 is no limit"
        ),
    ] = 0
    workers: Annotated[int, Field(ge=1, le=32, description="invoices worked on at a time")] = 1
    settle_delay_s: Annotated[
        int,
        Field(ge=0, le=86_400, description="seconds that a server may be at work after we gave up"),
    ] = 120
    deep_scan_days: Annotated[
        int, Field(ge=1, description="days between full passes over the source's list")
    ] = 7
    refund_days: Annotated[
        int, Field(ge=0, description="days after booking that refunds are looked for")
    ] = 90
    retries: Annotated[
        int, Field(ge=1, description="runs on which an invoice may fail before it is held")
    ] = 5

    @field_validator("unpaid_documents")
    @classmethod
    def _unpaid_documents(cls, value: str, info: ValidationInfo) -> str:
        """An unpaid VAT invoice made the tax point when it was issued, not when it is paid."""
        if (
            value == "vat_invoice"
            and info.data.get("book_when") == "paid"
            and info.data.get("vat_scheme") == "standard"
        ):
            raise Refusal(
                "VAT on an unpaid VAT invoice is due from its issue, so it cannot be booked when"
                " it is paid",
                "add `book_when: issued`, or `vat_scheme: cash` if you account for VAT by payments,"
                " or write `unpaid_documents: proforma` if unpaid invoices are proformas",
            )
        return value


class BooksSettings(_Model):
    """Accounting choices that the core carries out, whatever the target."""

    books_closed_to: Annotated[
        Day | None, Field(description="nothing is dated on or before this day")
    ] = None
    when_closed: Annotated[
        Literal["hold", "first_open_day"],
        Field(
            description="what to do with a document of a closed day: hold it, or date it on the"
            " first open day with its own day in the reference"
        ),
    ] = "hold"
    price_reductions: Annotated[
        Literal["hold", "credit_note"],
        Field(
            description="what a refund is that takes receipts below the invoice: `credit_note`"
            " lowers the price by a credit note dated the refund's day, whose money goes out on the"
            " original payment's account; `hold` leaves it to a person"
        ),
    ] = "hold"
    refund_to_balance: Annotated[
        Literal["hold", "credit_note"],
        Field(
            description="a refund put on the client's balance instead of being returned: held, or a"
            " credit note whose money goes to the balance's account"
        ),
    ] = "hold"
    cancelled_after_booking: Annotated[
        Literal["hold"],
        Field(
            description="an invoice that was cancelled after it was booked is held: a person says"
            " whether anything was supplied"
        ),
    ] = "hold"


class Section(BaseModel):
    """The `source` or `target` part, as far as the core reads it."""

    # Ignored, not kept: the rest is the plugin's, and may be secret.
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    plugin: Annotated[str, Field(min_length=1, description="the plugin's kind")]


LEAST_RETENTION_YEARS = 6
"""How long HMRC wants VAT records kept (VAT Notice 700/21), and companies their books."""


class Settings(_Model):
    """bridge.yaml as a whole."""

    name: Annotated[
        str,
        Field(
            json_schema_extra={"pattern": f"^{_NAME.pattern}$"},
            description="names runs, alerts and the lock: letters, digits, - and _",
        ),
    ] = "books"
    store: Annotated[
        str,
        Field(description="SQLAlchemy URL of the sync log; a SQLite file is relative to this file"),
    ] = "sqlite:///bridge.db"
    retention_years: Annotated[
        int,
        Field(
            json_schema_extra={"minimum": LEAST_RETENTION_YEARS},
            description="how long a file of old events is to be kept (`bridge log prune`); not less"
            " than 6",
        ),
    ] = LEAST_RETENTION_YEARS
    source: Section
    target: Section
    books: Annotated[
        BooksSettings, Field(description="accounting choices, the same for any target")
    ] = BooksSettings()
    sync: SyncSettings
    notify: Annotated[
        Any, Field(description="where a change of situation is told; not built yet")
    ] = None

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise Refusal(
                "it is not a name that runs and locks can bear",
                "write letters, digits, - and _, at most 64",
            )
        return value

    @field_validator("store")
    @classmethod
    def _store(cls, value: str) -> str:
        url = _DATABASE.fullmatch(value)
        if not url or url["name"] not in _DATABASES:
            raise Refusal(
                "it is not the URL of a database that bridge can use",
                "write sqlite:///bridge.db, or a URL that begins with postgresql:// or mariadb://",
            )
        file = url["rest"].partition("?")[0]
        if url["name"] == "sqlite" and (not file.strip("/") or ":memory:" in file):
            raise Refusal(
                "a database in memory forgets what was sent", "name a file: sqlite:///bridge.db"
            )
        return value

    @field_validator("retention_years")
    @classmethod
    def _retention(cls, value: int) -> int:
        if value < LEAST_RETENTION_YEARS:
            raise Refusal(
                f"records of sales and VAT are kept for {LEAST_RETENTION_YEARS} years at least",
                f"write {LEAST_RETENTION_YEARS} or more, or leave it out",
            )
        return value

    @field_validator("notify", mode="before")
    @classmethod
    def _notify(cls, _value: object) -> object:
        raise Refusal(
            "telling anyone of a run is not built yet",
            "remove `notify`; cron mails what a run prints",
        )
