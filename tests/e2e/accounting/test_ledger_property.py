"""Whatever a company does in whatever order, its books are those of an independent ledger.

Set ``BRIDGE_TALES`` to the number of companies to try; the default is a modest one.
"""

import os
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.accounting.ledger import OUTPUT_VAT, Posting
from tests.e2e.accounting.stage import Stage, small_company
from tests.e2e.accounting.tale import SALES, Side, Tale, entry, expected
from tests.e2e.conftest import Rig

TALES = int(os.environ.get("BRIDGE_TALES", "8"))
_YEN = "INSERT INTO currency VALUES (4, 'JPY', '190.0000', 0)"

number = st.integers(0, 9999)
event = st.tuples(st.integers(0, 17), number, number)
_FIRST_SYNC = 16
DECIDED = {
    "target.fees": {"nominal": "Card Fees"},
    "target.client_balances": {
        "method": "Client balance",
        "account": "Client Balances",
        "vat": "when_used",
    },
    "target.refund_to_balance": "credit_note",
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("tales")
    numbers = count(1)
    return (place / str(n) for n in numbers)


@contextmanager
def company(place: Path, *, decided: bool) -> Iterator[Stage]:
    """A small company that bills in yen too, with or without a word on fees and balances."""
    with ExitStack() as stack:
        rig = small_company(place, stack)
        with closing(sqlite3.connect(place / "far" / "kashflow.db")) as books, books:
            books.execute(_YEN)
        yield Stage(rig, {"target.price_reductions": "credit_note", **(DECIDED if decided else {})})


@settings(
    max_examples=TALES,
    deadline=None,
    derandomize="BRIDGE_TALES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(events=st.lists(event, min_size=12, max_size=45), decided=st.booleans())
def test_the_books_equal_the_ledger_of_the_tale(
    places: Iterator[Path], events: Sequence[tuple[int, int, int]], decided: bool
) -> None:
    with company(next(places), decided=decided) as stage:
        play(stage, events, decided=decided)


def play(stage: Stage, events: Sequence[tuple[int, int, int]], *, decided: bool) -> None:
    """Tell it, with runs in between, and compare."""
    tale = Tale(stage.rig, decided=decided)
    for kind, one, two in events:
        if kind >= _FIRST_SYNC:
            stage.sync(late=two % 2 == 0, limit=one % 6)
        else:
            tale.tell(kind, one, two)
    stage.sync(late=True)
    stage.sync(late=True)
    _compare(tale, stage)


def _compare(tale: Tale, stage: Stage) -> None:
    """Booked to the penny, or held for a reason that the events tell, and nothing else at all."""
    written = _written(tale, stage)
    fates = _fates(stage.rig)
    for bill in tale.bills:
        state, reason = fates.get(bill.id, ("unseen", ""))
        should = Counter(expected(bill, decided=tale.decided))
        stands = written.pop(bill.id, Counter())
        about = f"{bill}\nis {state} {reason}"
        if not bill.paid:
            assert (state, stands) == ("skipped", Counter()), about
        elif bill.held:
            assert state == "held", about
            assert reason in bill.held, about
            assert not stands - should, about
        else:
            assert (state, reason) == ("done", ""), about
            assert stands == should, about
    for funds, moved in tale.funds.items():
        if tale.decided:
            assert fates[funds] == ("done", ""), funds
            assert written.pop(funds) == Counter([moved]), funds
        else:
            assert fates[funds] == ("held", "prepayment_unmapped"), funds
    assert not written, "books of no bill"


_ROWS = "SELECT id, invoiceid FROM tblaccounts"


def _written(tale: Tale, stage: Stage) -> dict[int, Counter[tuple[Side, ...]]]:
    """Entries by the bill that they are of."""
    rows = {row["id"]: row["invoiceid"] for row in stage.rig.whmcs.rows(_ROWS)}
    rows |= {each.row: bill.id for bill in tale.bills for each in bill.refunds}
    # A mass payment's fee is booked with the first bill that it pays.
    rows |= {each.row: bill.id for bill in tale.bills for each in bill.receipts if each.fee}
    found: dict[int, Counter[tuple[Side, ...]]] = {}
    for sides in stage.ledger.entries(stage.marks):
        if not sides:
            continue
        token = re.match(r"WHMCS-([RT]?)(\d+)", sides[0].on)
        assert token, sides
        bill = rows[int(token[2])] if token[1] else int(token[2])
        found.setdefault(bill, Counter())[_sides(sides)] += 1
    return found


def _sides(sides: Sequence[Posting]) -> tuple[Side, ...]:
    """An entry of the books as the tale would write it: a credit note's nominals are one."""
    first = sides[0]
    is_note = first.kind == "invoice" and first.mark.startswith("WHMCS-R")
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for side in sides:
        is_sale = is_note and side.code and side.account != OUTPUT_VAT
        sums[side.day, SALES if is_sale else side.account, side.code] += side.amount
    return entry([(*key, amount) for key, amount in sums.items()])


def _fates(rig: Rig) -> dict[int, tuple[str, str]]:
    with closing(sqlite3.connect(rig.place / "bridge.db")) as log:
        rows = log.execute("SELECT invoice, state, reason FROM bridge_entry").fetchall()
    return {int(invoice): (state, reason) for invoice, state, reason in rows}
