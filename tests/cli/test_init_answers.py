"""What `bridge init` makes of each accounting answer, and of a WHMCS that is read by its tables."""

from pathlib import Path
from typing import Any

import yaml
from kashflow_target.sandbox.factory import sandbox as kashflow_sandbox
from whmcs_source.sandbox.factory import sandbox as whmcs_sandbox

from tests.cli.test_init import USUAL, Terminal, _answer, _bridge, _converse
from tests.whmcs_source.database.installation import installed

BOOK = {
    "Money that clients pay in advance, and its use?": "keep it on a ledger account",
    "Clients' balances: as which payment method?": "Client balance",
    "Clients' balances: on which ledger account?": "Client Balances",
    "When does that money bear VAT?": "when an invoice uses it",
    "Payments of which the gateway kept a fee?": "take each fee",
    "Gateways' fees: to which nominal?": "Card Fees",
    "Balances that staff gave or took by hand?": "a nominal bears them",
    "Balances that staff gave: to which nominal?": "Goodwill",
    "Refunds put on a client's balance": "a credit note",
    "Sales to EU consumers": "book that VAT",
    "EU consumers' VAT: to which nominal?": "OSS VAT",
    "Foreign payments that are worth more or less": "book the difference",
    "Exchange differences: to which nominal?": "Exchange Differences",
    "What are payments by PayPal": "a payment method",
    "On which bank account is money in EUR by PayPal": "PayPal EUR",
    "As which payment method?": "PayPal",
    "On which bank account?": "PayPal",
    "Start date": "2025-09-01",
}


def test_every_answer_with_a_name_is_written_and_works(tmp_path: Path) -> None:
    screen, code = _converse(tmp_path, BOOK)
    assert code == 0, screen
    assert max(len(line) for line in screen.splitlines() if "[" not in line) <= 80
    written = yaml.safe_load((tmp_path / "bridge.yaml").read_text())
    target = written["target"]
    assert target["client_balances"] == {
        "method": "Client balance",
        "account": "Client Balances",
        "vat": "when_used",
    }
    assert target["fees"] == {"nominal": "Card Fees"}
    assert target["manual_credits"] == {"nominal": "Goodwill"}
    assert target["exchange_differences"] == {"nominal": "Exchange Differences"}
    assert target["eu_consumer_vat"] == {"nominal": "OSS VAT"}
    assert written["books"] == {"refund_to_balance": "credit_note"}
    assert target["gateways"]["paypal"] == {
        "method": "PayPal",
        "account": "PayPal",
        "currencies": {"EUR": "PayPal EUR"},
    }
    checked = _bridge(tmp_path, "validate-config", "--live")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for key in ("client_balances", "fees", "manual_credits", "exchange_differences"):
        assert f"open     target.{key}" not in checked.stdout
    assert _bridge(tmp_path, "sync", "--limit", "5").returncode in {0, 3}


def test_only_accounts_that_are_nominals_too_are_offered_for_balances(tmp_path: Path) -> None:
    """Else what is added to balances would not be where it is used, and the file be refused."""
    with Terminal(tmp_path, {}) as terminal:
        while (asked := terminal.question()) is not None:
            if "Clients' balances: on which ledger account?" in asked:
                break
            terminal.type(_answer(asked, {**BOOK, **USUAL}) + "\n")
        assert asked is not None, terminal.screen
        assert "Client Balances (2210)" in asked


def test_without_balances_nothing_is_asked_that_moves_them(tmp_path: Path) -> None:
    """Else its answer would be refused: manual_credits needs client_balances."""
    screen, code = _converse(tmp_path, {"Money that clients pay in advance": "hold", **BOOK})
    assert code == 0
    assert "Balances that staff gave" not in screen
    assert "Refunds put on a client's balance" not in screen
    assert _bridge(tmp_path, "validate-config").returncode == 0


def test_vat_of_balances_may_be_left_to_the_accountant(tmp_path: Path) -> None:
    answers = {**BOOK, "When does that money bear VAT?": "hold it for now"}
    _, code = _converse(tmp_path, answers)
    assert code == 0
    written = yaml.safe_load((tmp_path / "bridge.yaml").read_text())["target"]["client_balances"]
    assert "vat" not in written
    checked = _bridge(tmp_path, "validate-config")
    assert "open     target.client_balances.vat" in checked.stdout


def test_whmcs_is_read_by_its_tables_where_that_is_chosen(tmp_path: Path) -> None:
    """A wrong address is told, and asked for again; the address stays out of the file."""
    with (
        installed() as tables,
        whmcs_sandbox(tmp_path) as whmcs,
        kashflow_sandbox(tmp_path) as kashflow,
    ):
        tables.fill(whmcs)
        right = tables.url.render_as_string(hide_password=False).replace("+pymysql", "")
        place = tmp_path / "here"
        place.mkdir()
        typed = iter([right.replace(tables.name, "no_such_database"), right])
        answers: dict[str, Any] = {
            "How is whmcs to be reached?": "from its database",
            "target.endpoint": kashflow.settings["endpoint"],
            "username": kashflow.settings["username"],
            "Which sales type do lines take": "Web Hosting",
        }
        environment = {"KASHFLOW_PASSWORD": kashflow.settings["password"]}
        with Terminal(place, environment) as terminal:
            while (asked := terminal.question()) is not None:
                hidden = "(not shown)" in asked
                terminal.type((next(typed) if hidden else _answer(asked, answers)) + "\n")
            assert terminal.end() == 0, terminal.screen
        assert "no_such_database" in terminal.screen.partition("Error [")[2][:600]
        text = (place / "bridge.yaml").read_text()
        assert yaml.safe_load(text)["source"] == {
            "plugin": "whmcs",
            "database": "${WHMCS_DATABASE}",
        }
        assert tables.name not in text
        environment["WHMCS_DATABASE"] = right
        checked = _bridge(place, "validate-config", "--live", environment=environment)
        assert checked.returncode == 0, checked.stdout + checked.stderr
