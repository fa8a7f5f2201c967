"""Whatever a company does in whatever order, its books are those of an independent ledger.

Set ``BRIDGE_TALES`` to the number of companies to try; the default is a modest one. A company that
disagrees is printed with its number: ``BRIDGE_TALE=7`` plays that one alone, ``BRIDGE_TALE=7-90``
all of these.
"""

import os
import random
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.accounting.company import EXCHANGE, GOODWILL, Bill, Entry, Words
from tests.e2e.accounting.expected import SALES, Due, due, due_of_funds, entry, gift
from tests.e2e.accounting.fixture import Stage, small_company
from tests.e2e.accounting.ledger import OUTPUT_VAT, Posting
from tests.e2e.accounting.scenario import Tale
from tests.e2e.conftest import Rig

_FROM, _, _TO = os.environ.get("BRIDGE_TALE", "").partition("-")
_FIRST = int(_FROM or 1)
_LAST = int(_TO or _FROM or os.environ.get("BRIDGE_TALES", "8"))
_YEN = "INSERT INTO currency VALUES (4, 'JPY', '190.0000', 0)"
_A_RUN_IN = 9
"""So many events are followed by a run, on average."""


def words_of(draw: random.Random) -> Words:
    """Settings that decide some things, most or all of them."""
    sure = draw.choice((0.5, 0.9, 1))
    balances = draw.random() < sure
    return Words(
        fees=draw.choice(("nominal", "bill")) if draw.random() < sure else "",
        balances=balances,
        gifts=balances and draw.random() < sure,
        to_balance=balances and draw.random() < sure,
        reductions=draw.random() < sure,
        exchange=draw.random() < sure,
        issued=draw.random() < 0.3,
    )


def settings_of(words: Words) -> dict[str, object]:
    """The same as bridge.yaml has it."""
    issued = {"sync.book_when": "issued", "sync.unpaid_documents": "vat_invoice"}
    fees = {"nominal": {"nominal": "Card Fees"}, "bill": "on_gateway_invoice", "": None}
    balances = {"method": "Client balance", "account": "Client Balances", "vat": "when_used"}
    return {
        "target.fees": fees[words.fees],
        "target.client_balances": balances if words.balances else None,
        "target.manual_credits": {"nominal": GOODWILL} if words.gifts else None,
        "books.refund_to_balance": "credit_note" if words.to_balance else None,
        "books.price_reductions": "credit_note" if words.reductions else None,
        "target.exchange_differences": {"nominal": EXCHANGE} if words.exchange else None,
        **(issued if words.issued else {}),
    }


@contextmanager
def company(place: Path, words: Words) -> Iterator[Stage]:
    """A small company that bills in yen too."""
    with ExitStack() as stack:
        rig = small_company(place, stack)
        with closing(sqlite3.connect(place / "far" / "kashflow.db")) as books, books:
            books.execute(_YEN)
        yield Stage(rig, settings_of(words))


@pytest.mark.parametrize("number", range(_FIRST, _LAST + 1))
def test_the_books_equal_the_ledger_of_the_tale(tmp_path: Path, number: int) -> None:
    draw = random.Random(number)  # a story, no secret
    words = words_of(draw)
    with company(tmp_path, words) as stage:
        tale = play(stage, draw, words)
        _compare(tale, stage, words)


def play(stage: Stage, draw: random.Random, words: Words) -> Tale:
    """Tell it, with runs in between."""
    tale = Tale(stage.rig, words)
    for _ in range(draw.randint(12, 60)):
        if draw.randrange(_A_RUN_IN) == 0:
            stage.sync(late=draw.random() < 0.5, limit=draw.randrange(6))
            tale.ran({bill: state for bill, (state, _) in _fates(stage.rig).items()})
        tale.tell(*(draw.randrange(10_000) for _ in range(3)))
    stage.sync(late=True)
    stage.sync(late=True)
    return tale


def _compare(tale: Tale, stage: Stage, words: Words) -> None:
    """Booked to the penny, or held for a reason that the events tell, and nothing else at all."""
    written, gifts = _written(tale, stage)
    fates = _fates(stage.rig)
    for bill in tale.bills:
        should = due(bill, words)
        if bill.used and _is_doubtful(tale, bill, fates):
            should.may.add("unfunded_credit")
        stands = written.pop(bill.id, Counter())
        if should.entries or should.held:
            _agrees(bill, should, fates.get(bill.id, ("unseen", "")), stands)
        else:
            assert fates.get(bill.id, ("skipped", ""))[0] == "skipped", bill
            assert not stands, bill
    for funds in tale.funds:
        stands = written.pop(funds.id, Counter())
        _agrees(funds, due_of_funds(funds, words), fates[funds.id], stands)
    assert not written, "books of no bill"
    _gifts_agree(tale, gifts, fates)


def _agrees(about: object, should: Due, fate: tuple[str, str], stands: Counter[Entry]) -> None:
    told = f"{about}\nis {fate}, should be {should}\nand stands as {stands}"
    if should.held or fate[1] in should.may:
        assert fate[0] == "held", told
        assert fate[1] in should.held | should.may, told
        assert not stands - Counter(should.entries), told
    else:
        assert fate == ("done", ""), told
        assert stands == Counter(should.entries), told


def _is_doubtful(tale: Tale, bill: Bill, fates: dict[int, tuple[str, str]]) -> bool:
    """Whether something that put money on this client's balance is not in the books."""
    own = [one for one in tale.bills if one.client is bill.client]
    sources = [one.id for one in own if one.receipts]
    sources += [funds.id for funds in tale.funds if funds.client is bill.client]
    held = any(fates.get(source, ("",))[0] == "held" for source in sources)
    return held or bill.client.id in tale.doubtful


def _gifts_agree(tale: Tale, gifts: Counter[Entry], fates: dict[int, tuple[str, str]]) -> None:
    """What staff gave is booked with the first bill that used some of the balance since."""
    issued = tale.words.issued
    for client in tale.clients:
        for _, day, amount in client.gifts:
            uses = [
                bill
                for bill in tale.bills
                if bill.client is client and bill.used and (issued or bill.paid >= day)
            ]
            # Where use is booked while the invoice is open, that may have been before the gift.
            booked = [bill for bill in uses if fates[bill.id][0] == "done" and not issued]
            made = gift(day, GOODWILL, amount)
            assert gifts[made] >= (1 if booked else 0), (client, made, uses)
            gifts[made] -= 1 if uses and gifts[made] else 0
    assert not +gifts, "gifts that nobody gave"


_ROWS = "SELECT id, invoiceid FROM tblaccounts"


def _written(tale: Tale, stage: Stage) -> tuple[dict[int, Counter[Entry]], Counter[Entry]]:
    """Entries by the bill that they are of; apart from them, balance that was given by hand."""
    rows = {row["id"]: row["invoiceid"] for row in stage.rig.whmcs.rows(_ROWS)}
    rows |= {each.row: bill.id for bill in tale.bills for each in bill.refunds}
    # A mass payment's fee is booked with the first bill that it pays.
    rows |= {each.row: bill.id for bill in tale.bills for each in bill.receipts if each.fee}
    found: dict[int, Counter[Entry]] = {}
    gifts: Counter[Entry] = Counter()
    for sides in stage.ledger.entries(stage.marks):
        if not sides:
            continue
        token = re.match(r"WHMCS-([RTC]?)(\d+)", sides[0].on)
        assert token, sides
        if token[1] == "C":
            gifts[_entry(sides)] += 1
        else:
            bill = rows[int(token[2])] if token[1] else int(token[2])
            found.setdefault(bill, Counter())[_entry(sides)] += 1
    return found, gifts


def _entry(sides: Sequence[Posting]) -> Entry:
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
