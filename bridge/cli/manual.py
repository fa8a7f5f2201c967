"""What a person does by hand: answer, retry, skip, unskip, link, unlink."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from bridge import __version__
from bridge.cli.common import Because, InvoiceName, Json, counted, open_app
from bridge.cli.console import STATE, say, say_json

if TYPE_CHECKING:
    from bridge.app import App
    from bridge.engine.context import Connections, Operator
    from bridge.engine.decide.answers import Answer

link_app = typer.Typer(no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(answer)
    app.command()(retry)
    app.command()(skip)
    app.command()(unskip)
    app.command()(unlink)
    app.add_typer(link_app, name="link", help="Say what something in the target is.")


def answer(
    invoice: InvoiceName,
    word: Annotated[str, typer.Argument(metavar="WORD", help="One of the words above.")],
    *,
    because: Because,
    as_json: Json = False,
) -> None:
    """Answer what a held invoice asks.

    The next `bridge sync` carries it out. The words are:

    one-charge or two-charges, where two transactions are alike: the second is no money, or it is
    money beyond what was due.

    not-supplied or supplied-unpaid, where an invoice was cancelled after it was booked: a credit
    note takes back the rest, or it stays a debtor.

    book-added, where lines were added to a booked and unpaid invoice: they become a second
    document.
    """
    from bridge.engine.manual.answer import give_answer

    known = _known(word)
    with by_hand("answer") as (operator, bridge), ready_ends(bridge) as ends:
        row = give_answer(operator, ends, invoice, known, because)
    told(
        f"Invoice {row.number}: {known.value}. The next `bridge sync` carries it out.",
        as_json=as_json,
    )


def _known(word: str) -> "Answer":
    from bridge.engine.decide.answers import Answer
    from bridge.errors import UsageError

    try:
        return Answer(word)
    except ValueError:
        words = ", ".join(Answer)
        raise UsageError(f"{word} is no answer", remedy=f"the answers are {words}") from None


def retry(
    invoice: Annotated[
        list[str] | None, typer.Argument(metavar="[INVOICE]...", help="Numbers or ids.")
    ] = None,
    *,
    reason: Annotated[
        list[str] | None,
        typer.Option(metavar="WORD", help="All that wait for this reason. Repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put held and failed invoices back to work.

    The next `bridge sync` takes them up.
    """
    from bridge.engine.manual.actions import ManualActions
    from bridge.errors import UsageError
    from bridge.model.reasons import Reason

    if not invoice and not reason:
        raise UsageError(
            "nothing was named", remedy="name invoices, or a reason: `bridge retry --reason WORD`"
        )
    unknown = [word for word in reason or () if word not in set(Reason)]
    if unknown:
        raise UsageError(f"{unknown[0]} is no reason", remedy="`bridge status` shows them")
    with by_hand("retry") as (operator, _):
        rows = ManualActions(operator).retry(invoice or (), [Reason(word) for word in reason or ()])
    told(f"{counted(len(rows), 'invoice')} back on the work list.", as_json=as_json)


def skip(
    invoice: InvoiceName,
    *,
    because: Because,
    as_json: Json = False,
) -> None:
    """Leave an invoice out, with a reason.

    `bridge unskip` takes it back.
    """
    from bridge.engine.manual.actions import ManualActions

    with by_hand("skip") as (operator, _):
        row = ManualActions(operator).skip(invoice, because)
    told(f"Invoice {row.number} is skipped.", as_json=as_json)


def unskip(invoice: InvoiceName, *, as_json: Json = False) -> None:
    """Take back a `bridge skip`.

    The invoice goes back on the work list.
    """
    from bridge.engine.manual.actions import ManualActions

    with by_hand("unskip") as (operator, _):
        row = ManualActions(operator).unskip(invoice)
    told(f"Invoice {row.number} is back on the work list.", as_json=as_json)


@link_app.command("invoice")
def link_invoice(
    invoice: InvoiceName,
    number: Annotated[
        str, typer.Argument(metavar="NUMBER", help="The document's number in the target.")
    ],
    *,
    as_json: Json = False,
) -> None:
    """Say that INVOICE is document NUMBER.

    They are linked only where the target's figures agree.
    """
    from bridge.engine.decide.inputs import DecisionInputs
    from bridge.engine.manual.actions import ManualActions

    with by_hand("link") as (operator, bridge), ready_ends(bridge) as ends:
        source = ends.source
        terms = DecisionInputs(bridge.policy(), source.label, source.base_currency)
        found = ManualActions(operator).link_invoice(ends, terms, invoice, number)
    told(f"Invoice {invoice} is document {found.ref.id}.", as_json=as_json)


@link_app.command("client")
def link_client(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="Its id in the source.")],
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="The customer's code or id in the target.")
    ],
    *,
    as_json: Json = False,
) -> None:
    """Say that CLIENT is the customer KEY."""
    from bridge.engine.manual.actions import ManualActions

    with by_hand("link") as (operator, bridge), ready_ends(bridge) as ends:
        found = ManualActions(operator).link_client(ends, client, key)
    told(
        f"Client {client} is {found.key} ({found.name}). What waited for that is back on the work"
        " list.",
        as_json=as_json,
    )


def unlink(invoice: InvoiceName, *, as_json: Json = False) -> None:
    """Forget the link of a document that is gone.

    Once the target proves that it is gone, the invoice can be booked again.
    """
    from bridge.engine.manual.actions import ManualActions

    with by_hand("unlink") as (operator, bridge), ready_ends(bridge) as ends:
        row = ManualActions(operator).unlink(ends, invoice)
    told(f"Invoice {row.number} is unlinked and back on the work list.", as_json=as_json)


@contextmanager
def by_hand(command: str, opened: "App | None" = None) -> "Iterator[tuple[Operator, App]]":
    """Open a run of its own for a manual act: under the lock, and in the log."""
    from bridge.engine.context import Operator

    bridge = opened or open_app()
    with bridge.log(create=False) as log:
        log.migrate()
        with log.lock(lease_s=bridge.lease_s(), command=command) as lease:
            run = log.start_run(command, version=__version__, settings_digest=bridge.config.digest)
            code = 0
            try:
                yield Operator(log, run, lease, _who()), bridge
            except BaseException as error:
                code = _exit_code(error)
                raise
            finally:
                log.finish_run(run, exit_code=code, summary={})


def _exit_code(error: BaseException) -> int:
    """Return the command's exit code, as `bridge.cli.main` decides it."""
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return 130
    return int(getattr(error, "exit_code", 1))  # of a BridgeError or a typer.Exit


@contextmanager
def ready_ends(bridge: "App") -> "Iterator[Connections]":
    """Open both ends, checked and prepared."""
    with bridge.ends(bridge.config.sandbox_directory) as ends:
        ends.source.check()
        ends.target.check()
        ends.target.prepare()
        yield ends


def _who() -> str:
    import getpass
    import socket

    user = os.environ.get("SUDO_USER") or getpass.getuser()
    return f"{user}@{socket.gethostname()}"


def told(text: str, *, as_json: bool) -> None:
    """Report what was done, as text or as JSON."""
    STATE.as_json = as_json
    if as_json:
        say_json({"type": "done", "what": text})
    elif not STATE.is_quiet:
        say(text)
