"""`bridge answer`: what only a person can know about an invoice."""

from typing import TYPE_CHECKING, Annotated

import typer

from bridge.cli.common import Json
from bridge.cli.hands import by_hand, ready_ends, told

if TYPE_CHECKING:
    from bridge.engine.answers import Answer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(answer)


def answer(
    invoice: str,
    word: str,
    *,
    because: Annotated[str, typer.Option(help="Why, for whoever asks later. Required.")],
    as_json: Json = False,
) -> None:
    """Answer what a held invoice asks.

    Of transactions that are alike: one-charge (the second is no money) or two-charges (it is money
    beyond what was due). Of an invoice that was cancelled after it was booked: not-supplied (a
    credit note takes back the rest) or supplied-unpaid (it stays a debtor). Of lines added to a
    booked and unpaid invoice: book-added (a second document). The next `bridge sync` carries it
    out.
    """
    from bridge.engine.answering import give_answer

    known = _known(word)
    with by_hand("answer") as (hands, bridge), ready_ends(bridge) as ends:
        row = give_answer(hands, ends, invoice, known, because)
    told(
        f"Invoice {row.number}: {known.value}. The next `bridge sync` carries it out.",
        as_json=as_json,
    )


def _known(word: str) -> "Answer":
    from bridge.api import UsageError
    from bridge.engine.answers import Answer

    try:
        return Answer(word)
    except ValueError:
        words = ", ".join(Answer)
        raise UsageError(f"{word} is no answer", remedy=f"the answers are {words}") from None
