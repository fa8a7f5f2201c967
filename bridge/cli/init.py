"""`bridge init`: asks, connects, and writes a bridge.yaml."""

import datetime as dt
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bridge.cli.console import STATE, say, talk
from bridge.cli.prompts import ask_choice, ask_text
from bridge.reports.table import wrapped

if TYPE_CHECKING:
    from bridge.config.draft import Draft
    from bridge.contract import Survey
    from bridge.plugin import Conversation


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init() -> None:
    """Ask, look at both ends, and write a bridge.yaml.

    Answers are chosen from what both ends really have; Enter takes the one in brackets, which for
    an accounting decision is to hold what it would decide. Secrets are written as ${VARIABLES}.
    An existing file is never touched, and Ctrl-C leaves nothing behind.
    """
    from bridge.errors import UsageError

    file = STATE.config
    if file.exists():
        raise UsageError(
            f"{file} is there already, and is not overwritten",
            remedy="name another with `bridge init --config FILE`, or move it away",
        )
    try:
        _write(file, _drafted())
    except KeyboardInterrupt:
        talk("")
        talk("Interrupted: nothing was written.")
        raise typer.Exit(130) from None
    say(f"{file} is written.")
    for line in (
        "bridge validate-config --live   # is everything mapped, and what is still open",
        "bridge sync --dry-run           # what it would do, and why",
        "bridge sync",
    ):
        say(f"  {line}")


def _drafted() -> "Draft":
    from bridge.cli.init_connect import Connector
    from bridge.config.books import BOOKS, moves_balances, questions
    from bridge.config.draft import Draft
    from bridge.registry import load_plugins

    plugins = load_plugins()
    draft = Draft()
    draft.put(("name",), "books")
    draft.put(("store",), "sqlite:///bridge.db", "the sync log: keep it, and back it up")
    with ExitStack() as stack:
        connector = Connector(plugins, stack, draft)
        source = connector.source()
        target, asking = connector.target(source)
        talk("")
        talk("Where does what was billed go? Enter takes the answer in brackets.")
        _converse(draft, "target", asking)
    kept = [one.key.split(".") for one in target.decisions() if moves_balances(one)]
    _converse(
        draft, BOOKS, questions(with_balances=all(draft.has(("target", *key)) for key in kept))
    )
    _timing(draft, source)
    return draft


def _converse(draft: "Draft", role: str, asking: "Conversation") -> None:
    question = next(asking, None)
    while question is not None:
        labels = [choice.label for choice in question.choices]
        choice = question.choices[ask_choice(question.text, labels, question.default)]
        remark = f"{question.text} {choice.label}" if len(question.key) < 3 else ""
        draft.put((role, *question.key), choice.value, remark)
        try:
            question = asking.send(choice.value)
        except StopIteration:
            return


def _timing(draft: "Draft", survey: "Survey") -> None:
    """From when, and what an unpaid invoice is."""
    talk("")
    talk(wrapped("What was paid before the start date stays out of the books."))
    first = dt.date.today().replace(day=1)  # noqa: DTZ011  # the operator's own calendar
    start = dt.date.fromisoformat(ask_text("Start date", str(first), _no_day))
    draft.put(("sync", "start_date"), start.isoformat(), "what was paid before stays out")
    words = ("proforma", "vat_invoice")
    told = words.index(survey.unpaid_documents) if survey.unpaid_documents in words else 0
    labels = ("a proforma: no VAT is due before it is paid", "a VAT invoice already")
    unpaid = words[ask_choice("What is an unpaid invoice?", labels, told)]
    draft.put(("sync", "unpaid_documents"), unpaid, "what an unpaid invoice is in law")
    if unpaid == "vat_invoice":
        ways = ("when it is paid: you use cash accounting for VAT", "when it is issued")
        if ask_choice("When does its VAT become due?", ways, 0):
            draft.put(("sync", "book_when"), "issued", "VAT is due from the day of issue")
        else:
            draft.put(("sync", "vat_scheme"), "cash", "VAT is due when the invoice is paid")


def _no_day(text: str) -> str:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return "write a day as 2026-04-01"
    return ""


def _write(file: Path, draft: "Draft") -> None:
    """All at once, and never over another."""
    from bridge.errors import UsageError

    title = (
        f"Written by `bridge init` on {dt.date.today()}."  # noqa: DTZ011  # as above
        " docs/configuration.md explains every key; `bridge validate-config` checks it,"
        " and lists what is held for now with the line that decides it."
    )
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(draft.text(title))
    except OSError as error:
        raise UsageError(
            f"{file} could not be written: {error.strerror}",
            remedy="name another place with `bridge init --config FILE`",
        ) from error
