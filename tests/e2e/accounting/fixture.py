"""Where a case is played: an admin at WHMCS, bridge, and KashFlow's books, in one process."""

import copy
import datetime as dt
import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from kashflow_target.sandbox.state import FILE_NAME

from bridge.cli.main import main
from tests.e2e.accounting import accounting_md as page
from tests.e2e.accounting.ledger import Ledger, Posting
from tests.e2e.conftest import Rig

LABEL = "WHMCS-"
DAY = "2026-10-12"
# Each case names what it rests on of what the shipped file decides.
APART = {
    "target.fees": "on_gateway_invoice",
    "target.client_balances": None,
    "target.exchange_differences": None,
    "books.price_reductions": None,
}


def small_company(place: Path, stack: ExitStack) -> Rig:
    """A company whose WHMCS has products, taxes and settings, and no client yet."""
    (place / "far").mkdir(parents=True)
    rig = Rig(place, stack)
    for row in rig.whmcs.rows("SELECT id FROM tblclients"):
        rig.whmcs.do("delete_client", client=row["id"], transactions=True)
    return rig


class Stage:
    """One case: its clients and invoices have names, and the words of the page come from here.

    Attributes:
        names: Invoice ids by the case's own name for them.
        marks: Where the books stood when it began.
    """

    def __init__(self, rig: Rig, settings: Mapping[str, Any]) -> None:
        self.rig = rig
        self.names: dict[str, int] = {}
        self._synced = (rig.place / "bridge.db").exists()
        self.clients: list[int] = []
        self.ledger = Ledger(rig.place / "far")
        self.marks = self.ledger.marks()
        self._begun = _today()
        self._credits = _last(rig, "tblcredit")
        self._before = copy.deepcopy(rig.settings)
        self.set(**APART)
        self.set(**settings)

    def close(self) -> None:
        """Leave the settings as they were found."""
        self.rig.settings = self._before

    # What people do ----------------------------------------------------------------------------

    def set(self, **settings: Any) -> None:
        """Settings by dotted key; None takes one away."""
        for path, value in settings.items():
            *sections, key = path.split(".")
            place = self.rig.settings
            for section in sections:
                place = place[section]
            if value is None:
                place.pop(key, None)
            else:
                place[key] = value

    def do(self, verb: str, **arguments: Any) -> int:
        """A verb of WHMCS's admin; on the case's day unless it is told another."""
        if verb not in {
            "change_transaction",
            "delete_client",
            "delete_invoice",
            "delete_transaction",
        }:
            arguments.setdefault("date", DAY)
        answer = self.rig.whmcs.do(verb, **arguments)
        return int(answer) if str(answer).isdigit() else 0

    def client(self, **fields: Any) -> int:
        """A new client: in the UK, in pounds, unless told otherwise."""
        created = self.rig.new_client(**{"date": "2026-09-01", **fields})
        self.clients.append(created)
        return created

    def bill(self, name: str, client: int | None = None, /, *lines: Any, **more: Any) -> int:
        """An unpaid invoice; a line is an amount, or a mapping as WHMCS's sandbox takes it."""
        values = [_line(line) for line in lines or ("100.00",)]
        who = client or (self.clients[-1] if self.clients else self.client())
        made = self.do("create_invoice", client=who, lines=values, **more)
        self.names[name] = made
        return made

    def pay(self, name: str, amount: str | None = None, **more: Any) -> int:
        """A payment through stripe; the transaction's id."""
        values = {"gateway": "stripe", "transid": f"ch_{name}", **more}
        if amount is not None:
            values["amount"] = amount
        return self.do("pay", invoice=self.names[name], **values)

    def sold(self, name: str, *lines: Any, client: int | None = None, **more: Any) -> int:
        """An invoice, billed and paid through stripe on one day; the transaction's id."""
        when = {"date": more["date"]} if "date" in more else {}
        billed = {key: more.pop(key) for key in _BILLED & more.keys()}
        self.bill(name, client, *lines, **billed, **when)
        return self.pay(name, **more)

    def add_currency(self, code: str, rate: str) -> None:
        """Give the KashFlow account one currency more."""
        books = self.rig.place / "far" / FILE_NAME
        with closing(sqlite3.connect(books)) as connection, connection:
            connection.execute("INSERT INTO currency VALUES (?, ?, ?, 0)", [9, code, rate])

    # What bridge does --------------------------------------------------------------------------

    def sync(self, *, late: bool = False, limit: int = 0) -> None:
        """A run; `late` one that is due to look through the whole list and at old money again."""
        if late:
            self._a_week_passes()
        self.rig.sync(limit=limit)
        self._synced = True

    def answer(self, name: str, word: str) -> None:
        """What a person answers, by the real command."""
        self._command("answer", str(self.names[name]), word, "--because", "Rose looked it up")

    def skip(self, name: str, why: str) -> None:
        """A person puts an invoice aside, by the real command."""
        self._command("skip", str(self.names[name]), "--because", why)

    def retry(self, name: str) -> None:
        """A person puts an invoice back on the work list, by the real command."""
        self._command("retry", str(self.names[name]))

    def _command(self, *words: str) -> None:
        assert main(["--config", str(self.rig.file()), "--quiet", *words]) == 0

    def _a_week_passes(self) -> None:
        if not self._synced:
            return
        with closing(sqlite3.connect(self.rig.place / "bridge.db")) as log, log:
            ((text,),) = log.execute("SELECT value FROM bridge_cursor WHERE name = 'scan'")
            cursor = json.dumps(json.loads(text) | {"deep_done": "2026-01-01"})
            log.execute("UPDATE bridge_cursor SET value = ? WHERE name = 'scan'", [cursor])

    # What the page says ------------------------------------------------------------------------

    def told(self) -> tuple[str, ...]:
        """What WHMCS shows of the case, a line each: clients, invoices, money, balance."""
        if not self.clients:
            return ()
        who = ", ".join(map(str, self.clients))
        rows = self.rig.whmcs.rows
        clients = rows(f"SELECT * FROM tblclients WHERE id IN ({who}) ORDER BY id")
        invoices = rows(f"SELECT * FROM tblinvoices WHERE userid IN ({who}) ORDER BY id")
        money = rows(f"SELECT * FROM tblaccounts WHERE userid IN ({who}) ORDER BY date, id")
        credit = rows(
            f"SELECT * FROM tblcredit WHERE clientid IN ({who}) AND id > {self._credits}"
            " ORDER BY date, id"
        )
        currencies = {row["id"]: row["code"] for row in rows("SELECT * FROM tblcurrencies")}
        return (
            *(text for row in clients if (text := _client(row, currencies))),
            *(self._invoice(row) for row in invoices),
            *(self._money(row, money) for row in money),
            *(self._balance(row) for row in credit),
        )

    def _invoice(self, row: Mapping[str, Any]) -> str:
        lines = self.rig.whmcs.rows(
            f"SELECT * FROM tblinvoiceitems WHERE invoiceid = {row['id']} ORDER BY id"
        )
        sums = [f"net {row['subtotal']}", f"tax {row['tax']}"]
        sums += [f"second tax {row['tax2']}"] if row["tax2"] != "0.00" else []
        sums += [f"credit {row['credit']}"] if row["credit"] != "0.00" else []
        paid = f" {row['datepaid'][:10]}" if row["datepaid"][:4] != "0000" else ""
        return (
            f"invoice {self._name(row['id'])} of {row['date']}, {row['status']}{paid}:"
            f" {self._lines(lines)}; {', '.join(sums)}, total {row['total']}"
        )

    def _lines(self, lines: list[dict[str, Any]]) -> str:
        if len(lines) > _MANY:
            return f"{len(lines)} lines"
        return " + ".join(
            f"{self._kind(line)} {line['amount']}{'' if line['taxed'] else ' untaxed'}"
            for line in lines
        )

    def _kind(self, line: Mapping[str, Any]) -> str:
        if line["type"] == "Invoice":
            return f"pays {self._name(line['relid'])}"
        return str(line["type"] or "by hand")

    def _money(self, row: Mapping[str, Any], money: Iterable[Mapping[str, Any]]) -> str:
        way = "in" if row["amountout"] == "0.00" else "out"
        text = f"{row['date'][:10]} {row['gateway'] or 'no gateway'}: {row[f'amount{way}']} {way}"
        text += f" on {self._name(row['invoiceid'])}" if row["invoiceid"] else " on no invoice"
        text += f", fee {row['fees']}" if row["fees"] != "0.00" else ""
        text += f", rate {row['rate']}" if row["rate"] != "1.00000" else ""
        text += f", {row['transid']}" if row["transid"] else f", {row['description']}"
        returned = [one["transid"] for one in money if one["id"] == row["refundid"]]
        return text + (f", returns {returned[0]}" if returned else "")

    def _balance(self, row: Mapping[str, Any]) -> str:
        words = row["description"].split("#")[0].strip()
        sign = "" if row["amount"].startswith("-") else "+"
        return f"{row['date']} balance: {sign}{row['amount']}, {words}"

    def _name(self, invoice: object) -> str:
        for name, number in self.names.items():
            if number == int(str(invoice)):
                return name
        return f"a deleted one ({invoice})"

    def journal(self) -> tuple[str, ...]:
        """The rows of the page's table, from KashFlow's books."""
        ours = [side for side in self.ledger.postings(self.marks) if self._is_ours(side.on)]
        ours.sort(key=lambda side: (side.day, _ORDER[side.kind]))
        return tuple(
            " | ".join(
                [
                    "that day" if self._begun <= side.day <= _today() else side.day,
                    self._entry(side),
                    side.account,
                    side.code,
                    f"{side.amount:.2f}" if side.amount > 0 else "",
                    f"{-side.amount:.2f}" if side.amount < 0 else "",
                ]
            )
            for side in ours
        )

    def _is_ours(self, mark: str) -> bool:
        """Whether it is of this case: other cases share the company."""
        found = re.match(rf"{LABEL}([TRC]?)(\d+)", mark)
        if not found:
            return False
        if not found[1]:
            return int(found[2]) in self.names.values()
        table, owner = ("tblcredit", "clientid") if found[1] == "C" else ("tblaccounts", "userid")
        rows = self.rig.whmcs.rows(
            f"SELECT {owner} AS owner FROM {table} WHERE id = ?", int(found[2])
        )
        return bool(rows) and rows[0]["owner"] in self.clients

    def _entry(self, side: Posting) -> str:
        if side.kind == "bank line":
            return side.kind
        document = self._document(side.on)
        if side.kind == "invoice":
            return document
        if LABEL not in side.mark:
            return f"set-off, {document}"
        return f"payment, {document}"

    def _document(self, mark: str) -> str:
        key = mark.split(" ", maxsplit=1)[0].removeprefix(LABEL)
        number, _, more = key.partition("+")
        if number.isdigit():
            return f"invoice {self._name(number)}{'+' if more else ''}{more}"
        return "credit note"

    def outcome(self) -> tuple[str, ...]:
        """What is not booked, and what is remarked on what is, as the sync log has it."""
        with closing(sqlite3.connect(self.rig.place / "bridge.db")) as log:
            rows = log.execute("SELECT invoice, state, reason FROM bridge_entry").fetchall()
        fates = {int(invoice): (state, reason) for invoice, state, reason in rows}
        found: dict[str, list[str]] = {word: [] for word in page.OUTCOMES}
        for name, number in self.names.items():
            state, reason = fates.get(number, ("skipped", ""))
            said = f"{name} [`{reason}`](reasons.md#{reason})" if reason else name
            if state != "done":
                found[state.capitalize()].append(said)
            elif reason:
                found["Remark"].append(said)
        return tuple(f"{word}: {'; '.join(names)}." for word, names in found.items() if names)


_MANY = 6
_ORDER = {"invoice": 0, "payment": 1, "bank line": 2}
_BILLED = {"gateway_billed", "taxrate", "taxrate2", "compound", "prices", "promo", "status"}


def _today() -> str:
    return dt.datetime.now().astimezone().date().isoformat()


def _last(rig: Rig, table: str) -> int:
    return int(rig.whmcs.rows(f"SELECT COALESCE(MAX(id), 0) AS n FROM {table}")[0]["n"])


def _line(line: Any) -> dict[str, Any]:
    given = {"amount": line} if isinstance(line, str) else dict(line)
    kind = given.get("type", "Hosting")
    return {"type": kind, "description": kind or "By hand", "taxed": True, **given}


def _client(row: Mapping[str, Any], currencies: Mapping[int, str]) -> str:
    code = currencies[row["currency"]]
    parts = [row["country"]]
    parts += [row["tax_id"]] if row["tax_id"] else []
    parts += ["tax exempt"] if row["taxexempt"] else []
    parts += [code] if code != "GBP" else []
    return "" if parts == ["GB"] else f"client: {', '.join(parts)}"
