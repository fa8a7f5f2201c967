"""`bridge answer`: what only a person can know about an invoice."""

from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.common import Because, InvoiceName, Json
from bridge.cli.manual import by_hand, ready_ends, told

if TYPE_CHECKING:
    from bridge.engine.decide.answers import Answer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(answer)


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
    with by_hand("answer") as (hands, bridge), ready_ends(bridge) as ends:
        row = give_answer(hands, ends, invoice, known, because)
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
