"""Documents that an undo reversed, and their credit notes: together nothing. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from bridge.api import Record
from bridge.engine.reconcile.lore import Lore
from bridge.engine.reconcile.terms import Terms
from bridge.engine.reconcile.tokens import key_of

_REVERSED = "/reversed"


def reversals(
    ours: Mapping[str, Sequence[Record]], notes: Sequence[Record], lore: Lore, terms: Terms
) -> Iterator[tuple[Record, Record | None]]:
    """Each note that does what it says, with the document that it reverses.

    The document is None where it is outside of what was read; then the log must know the note.
    A note whose figures are not just those of its document is left out: it is a difference.
    """
    seen: set[str] = set()
    for note in notes:
        if note.token in seen:
            continue
        seen.add(note.token)
        key = key_of(note.token, terms.label)
        token = note.token.removesuffix(_REVERSED)
        documents = [each for each in ours.get(key.owner, ()) if each.token == token]
        if len(documents) == 1 and _cancel(documents[0], note):
            yield note, documents[0]
        elif not documents:
            link = lore.links.get(key.ref) if key.ref else None
            sent = link.payload if link else None
            if sent and (sent.net, sent.tax) == (note.net, note.tax):
                yield note, None


def _cancel(document: Record, note: Record) -> bool:
    same = document.client == note.client and document.net.currency == note.net.currency
    return same and (document.net, document.tax) == (-note.net, -note.tax)
