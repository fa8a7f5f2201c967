"""What version 0.1.0 left on disk goes on in this one: tests/fixtures/log_0_1 says what that is."""

import gzip
import json
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url

from tests.commands import run_bridge
from tests.kashflow_target.sandbox_books import SandboxBooks
from tests.store.conftest import a_database, a_schema

pytestmark = pytest.mark.usefixtures("at_noon")

LEFT = Path(__file__).parents[1] / "fixtures" / "log_0_1"
SERVERS = {"postgresql": a_schema, "mariadb": a_database}
STATES = {"done": 16, "held": 6, "pending": 5, "skipped": 1, "unknown": 1}
HELD = {
    "cancelled_after_booking": 1,
    "changed_after_write": 1,
    "duplicate_transaction": 1,
    "gateway_unmapped": 1,
    "skipped_by_user": 2,
}
CARRIED_OUT = {
    1319: ("one-charge", "the processor shows one"),
    1320: ("two-charges", "the processor shows two"),
    1324: ("not-supplied", "never delivered"),
    1325: ("supplied-unpaid", "delivered, not paid"),
    1329: ("book-added", "terms, clause 7"),
}
ANSWERED = {
    1322: ("one-charge", "the bank shows one"),
    1323: ("two-charges", "the bank shows two"),
    1327: ("not-supplied", "nothing was delivered"),
    1328: ("supplied-unpaid", "it was delivered"),
    1331: ("book-added", "they agreed to pay"),
}
# What else persons did, and how it is told.
DONE_BY_HAND = {
    1316: "a test order of our own",
    1317: "no longer skipped (was: looked wrong",
    1318: "no longer linked to document 1005",
    1333: "linked to document 1024",
    1336: "was taken back: wrong nominal",
    1337: "was reversed by credit note 1031",
}
# The keys that the next run writes: an invoice and two payments, and what five answers come to.
NEW = {
    "WHMCS-1339",
    "WHMCS-T50321/1338",
    "WHMCS-T50322/1339",
    "WHMCS-1331+1",
    "WHMCS-1327/cancelled",
    "WHMCS-T50316/excess",
}


class Company:
    """The directory in which 0.1.0 ran, as it left it."""

    def __init__(self, place: Path, store: str) -> None:
        self.place = place
        (place / ".bridge").mkdir(parents=True)
        for name in ("whmcs", "kashflow"):
            _fill(place / ".bridge" / f"{name}.db", _text(f"sandbox-{name}"))
        shutil.copy(LEFT / "bridge.yaml", place)
        file = place / "bridge.yaml"
        file.write_text(file.read_text().replace("sqlite:///bridge.db", store))
        file.chmod(0o600)

    def json(self, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        """What a command says."""
        found = run_bridge(self.place, *arguments, "--json")
        assert found.returncode == code, found.stdout[-2000:] + found.stderr
        return [json.loads(line) for line in found.stdout.splitlines()]

    def text(self, *arguments: str) -> str:
        """What a command tells people, in one line."""
        found = run_bridge(self.place, *arguments)
        assert found.returncode == 0, found.stdout[-2000:] + found.stderr
        return " ".join(found.stdout.split())

    def in_the_books(self) -> Counter[str]:
        """How often each key of ours stands in KashFlow, on documents, payments and bank lines."""
        books = SandboxBooks(self.place / ".bridge")
        texts = [
            *(one.reference for one in books.invoices()),
            *(one.note for one in books.payments()),
            *(one.comment for one in books.bank_transactions()),
        ]
        return Counter(text.split(" ")[0] for text in texts if text.startswith("WHMCS-"))


def _text(name: str) -> str:
    return gzip.decompress((LEFT / f"{name}.sql.gz").read_bytes()).decode()


def _fill(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)


@pytest.fixture(params=["sqlite", *SERVERS])
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    """The company with its log, in each database that is there."""
    dump = _text(f"log-{request.param}")
    if request.param == "sqlite":
        made = Company(tmp_path / "company", "sqlite:///bridge.db")
        _fill(made.place / "bridge.db", dump)
        yield made
        return
    with SERVERS[request.param]() as url:
        driver = {"postgresql": "postgresql+psycopg", "mariadb": "mysql+pymysql"}[request.param]
        engine = create_engine(make_url(url).set(drivername=driver))
        with closing(engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            for statement in dump.rstrip().removesuffix(";").split(";\n"):
                cursor.execute(statement)
            connection.commit()
        engine.dispose()
        yield Company(tmp_path / "company", url)


def test_what_it_knew_is_told_as_before(company: Company) -> None:
    [status] = company.json("status", code=4)
    assert (status["states"], status["held"], status["backlog"]) == (STATES, HELD, 5)
    assert status["last_run"]["run"] == 30
    for invoice, (word, why) in (CARRIED_OUT | ANSWERED).items():
        told = company.text("explain", str(invoice))
        assert f"answered {word}" in told
        assert f"{why} (rose@office)" in told
    for invoice, deed in DONE_BY_HAND.items():
        assert deed in company.text("explain", str(invoice))
    kept = Counter(line["code"] for line in company.json("log"))
    assert (kept["answer"], kept["by_hand"], kept["reversed"], kept["undone"]) == (10, 10, 1, 1)


def test_the_next_run_books_what_is_new_and_nothing_twice(company: Company) -> None:
    """A write of unknown outcome is found, and answers that were given to 0.1.0 are carried out."""
    before = company.in_the_books()
    assert set(before.values()) == {1}

    rehearsed = company.json("sync", "--dry-run", "--all")[-1]
    assert company.in_the_books() == before

    run = company.json("sync", "--all")[-1]
    assert (run["run"], run["outcome"]["done"]) == (31, 7)
    assert rehearsed["created"] == run["created"]
    after = company.in_the_books()
    assert set(after.values()) == {1}
    assert before.keys() < after.keys()
    assert after.keys() - before.keys() == NEW

    again = company.json("sync", "--all")[-1]
    assert set(again["created"].values()) == set(again["updated"].values()) == {0}
    assert company.in_the_books() == after

    [status] = company.json("status", code=3)
    assert (status["states"], status["held"]) == ({"done": 23, "held": 6, "skipped": 1}, HELD)
    found = company.json("reconcile", code=5)[-1]
    assert (found["accepted"], found["differences"]) == (1, 3)
