"""Both ends, read afresh, and what the log knows of what they show."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bridge.contract import Target
from bridge.engine.context import Clock, Connections, Policy, Progress, utc_now
from bridge.engine.reconcile.log_view import LogView
from bridge.engine.reconcile.outside_period import Rows, refs_of, with_outside_period
from bridge.engine.reconcile.values import ComparisonTerms
from bridge.model.keys import Key, Reference, Role, key_of, payment_ref
from bridge.model.money import Money
from bridge.model.reasons import Hold
from bridge.model.refs import Kind, SourceRef, TargetRef, client_ref, invoice_ref
from bridge.model.source_records import ClientBalance
from bridge.model.target_records import (
    Days,
    Json,
    Movement,
    MovementKind,
    Nothing,
    Payload,
    Payment,
    Record,
    RecordClass,
)
from bridge.store.sync_log import SyncLog
from bridge.store.tables.values import AcceptanceRow, RunRow

_RUNS = 1000  # the last sync may lie behind many acts by hand
_SHOWN = 10
_STEP = 100


@dataclass(frozen=True, slots=True)
class BooksSnapshot:
    """Both books as they were read, and when. Times are UTC.

    Attributes:
        runs: The latest runs, newest first.
        balances: The source's own figures, where the target books balances.
        accepted: Differences that a person explained, by what they belong to.
    """

    rows: Rows
    log_view: LogView
    terms: ComparisonTerms
    source: str
    target: str
    began: dt.datetime
    ended: dt.datetime
    runs: Sequence[RunRow]
    balances: Sequence[ClientBalance]
    accepted: Mapping[str, AcceptanceRow]


def read(
    ends: Connections,
    log: SyncLog,
    *,
    policy: Policy,
    days: Days,
    progress: Progress,
    tell_cost: Callable[[int], None],
    clock: Clock = utc_now,
) -> BooksSnapshot:
    """Read both ends and the log. `tell_cost` is called first with the source's calls, about."""
    began = clock()
    source, target = ends.source, ends.target
    health, books = source.check(), target.check()
    target.prepare()
    takes = target.takes_balances
    tell_cost(source.records_cost(days) + (source.client_balances_cost() if takes else 0))
    rows = Rows(
        list(_counted(source.records(days), progress, "read the source")),
        list(_counted(target.records(days), progress, "read the target")),
    )
    balances: list[ClientBalance] = []
    if takes:
        progress.stage("read clients' balances", None)
        balances.extend(source.client_balances())
    runs = log.runs(_RUNS)
    terms = ComparisonTerms(
        label=source.label,
        policy=policy,
        days=days,
        today=clock().astimezone().date(),
        seen_until=_seen_until(runs),
        home_currency=target.home_currency,
        base_currency=source.base_currency,
        given=_given(target, days.last),
        reads_balances=takes,
        **_answers(target, rows.source, days.last),
    )
    log_view = learn(log, rows, target, terms.label)
    progress.stage("look for the other halves", None)
    return BooksSnapshot(
        rows=with_outside_period(rows, source, target, log_view, terms),
        log_view=log_view,
        terms=terms,
        source=health.system,
        target=books.system,
        began=began,
        ended=clock(),
        runs=runs[:_SHOWN],
        balances=balances,
        accepted={row.number: row for row in log.acceptances()},
    )


def _counted(records: Iterable[Record], progress: Progress, name: str) -> Iterator[Record]:
    progress.stage(name, None)
    for number, record in enumerate(records, start=1):
        if number % _STEP == 0:
            progress.advance(_STEP)
        yield record


def _seen_until(runs: Sequence[RunRow]) -> dt.date | None:
    """Return the local day of the last run that ended, and so scanned the whole source."""
    whole = [run for run in runs if run.command == "sync" and run.exit_code in {0, 3, 4}]
    return whole[0].started.astimezone().date() if whole else None


def learn(log: SyncLog, rows: Rows, target: Target, label: str) -> LogView:
    """Return what the log knows of these rows."""
    refs = {client_ref(row.client) for row in rows.source if row.client}
    refs.update(refs_of(rows.target, label))
    for row in rows.source:
        refs.update(_made_of(row, label))
    customers = {TargetRef(Kind.CLIENT, row.client) for row in rows.target if row.client}
    linked = log.linked_targets(Kind.CLIENT, customers)
    links = log.links(refs)
    return LogView(
        entries={row.invoice.id: row for row in log.entries()},
        links=links,
        clients={customer.id: ref.id for customer, ref in linked.items()},
        accounts={
            ref: {posting.account for posting in target.journal(link.payload)}
            for ref, link in links.items()
            if ref.kind in {Kind.PAYMENT, Kind.MOVEMENT} and link.payload and not link.adopted
        },
    )


def _made_of(row: Record, label: str) -> Iterator[SourceRef]:
    """Yield the records that a row of the source may have become."""
    key = key_of(row.token, label)
    if key.role is Role.INVOICE:
        yield key.ref
        yield Key(Role.REVERSED, key.owner).ref
    elif key.role is Role.NOTE:
        yield key.ref
        yield Key(Role.PAYMENT, key.owner, on=key).ref
    elif key.owner:
        document = key_of(row.document, label).owner
        if document:
            yield payment_ref(key.owner, document)


# What the target would do with money -------------------------------------------------------------


def _answers(
    target: Target, source: Iterable[Record], day: dt.date
) -> dict[str, dict[str, Nothing]]:
    """Ask the target, gateway by gateway, what it would leave to somebody else."""
    kinds = {RecordClass.PAYMENT, RecordClass.REFUND}
    gateways = {row.account for row in source if row.record_class in kinds and row.account}
    money = Money(Decimal(1), target.home_currency)
    answers: dict[str, dict[str, Nothing]] = {"receipts": {}, "fees": {}}
    for gateway in gateways:
        receipt = target.compose_payment(_payment(gateway, money, day), _invoice(money, day), ())
        fee = target.compose_movement(_fee(gateway, money, day))
        if isinstance(receipt, Nothing):
            answers["receipts"][gateway] = receipt
        if isinstance(fee, Nothing):
            answers["fees"][gateway] = fee
    return answers


def _given(target: Target, day: dt.date) -> Hold | None:
    """Return why the target would not take balance that staff gave; None where it would."""
    money = Money(Decimal(1), target.home_currency)
    movement = replace(
        _fee("", money, day), kind=MovementKind.BY_HAND, amount=money, base_amount=money
    )
    answer = target.compose_movement(movement)
    if not isinstance(answer, Hold):
        return None
    return replace(answer, what=answer.what.replace(str(money), "it", 1))


def _payment(gateway: str, money: Money, day: dt.date) -> Payment:
    return Payment(
        ref=payment_ref(0, 0),
        reference=Reference("what-if"),
        invoice=invoice_ref(0),
        date=day,
        amount=money,
        base_amount=money,
        gateway=gateway,
    )


def _invoice(money: Money, day: dt.date) -> Payload:
    nothing: dict[str, Json] = {}
    return Payload(Kind.INVOICE, nothing, "what-if", day, money, Money.zero(money.currency))


def _fee(gateway: str, money: Money, day: dt.date) -> Movement:
    return Movement(
        ref=Key(Role.FEE, "0").ref,
        reference=Reference("what-if"),
        kind=MovementKind.FEE,
        date=day,
        amount=-money,
        gateway=gateway,
        base_amount=-money,
    )
