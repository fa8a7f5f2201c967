"""Documents that an undo reversed, and their credit notes: together nothing. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from bridge.engine.reconcile.log_view import LogView
from bridge.engine.reconcile.values import ComparisonTerms, Item, ItemKind, MatchClass, Verdict
from bridge.model.keys import Key, Role, key_of
from bridge.model.target_records import Record


def reversals(
    ours: Mapping[str, Sequence[Record]],
    notes: Sequence[Record],
    log_view: LogView,
    terms: ComparisonTerms,
) -> Iterator[tuple[Record, Record | None]]:
    """Yield each note that does what it says, with the document that it reverses.

    The document is None where it is outside of what was read; then the log must know the note.
    A note whose figures are not just those of its document is left out: it is a difference.
    """
    seen: set[str] = set()
    for note in notes:
        if note.token in seen:
            continue
        seen.add(note.token)
        key = key_of(note.token, terms.label)
        reversed_ = replace(key, role=Role.INVOICE)
        documents = [
            each for each in ours.get(key.owner, ()) if key_of(each.token, terms.label) == reversed_
        ]
        if len(documents) == 1 and _cancel(documents[0], note):
            yield note, documents[0]
        elif not documents:
            link = log_view.link(key)
            sent = link.payload if link else None
            if sent and (sent.net, sent.tax) == (note.net, note.tax):
                yield note, None


def lost_reversals(
    there: Collection[str], log_view: LogView, terms: ComparisonTerms
) -> Iterator[Item]:
    """Yield notes that the log knows and the target lost: what they reversed counts again."""
    for ref, link in log_view.links.items():
        key, sent = Key.of(ref), link.payload
        if key.role is not Role.REVERSED or key.token(terms.label) in there:
            continue
        if link.day is None or link.day not in terms.days:
            continue
        if sent is None or sent.net is None or sent.tax is None:
            continue
        verdict = Verdict(
            MatchClass.ONLY_SOURCE,
            "",
            f"an undo wrote it as document {link.target.id}, and it is not in the target any more:"
            " what it reversed stands again",
            "find out who deleted it and why; do not `bridge retry` the invoice before, or it would"
            " be there twice",
        )
        yield Item(
            kind=ItemKind.CREDIT_NOTE,
            verdict=verdict,
            family=key.owner,
            token=key.token(terms.label),
            number=link.target.id,
            client="",
            day=link.day,
            billed=sent.net + sent.tax,
            booked=None,
            billed_tax=sent.tax,
        )


def _cancel(document: Record, note: Record) -> bool:
    same = document.client == note.client and document.net.currency == note.net.currency
    return same and (document.net, document.tax) == (-note.net, -note.tax)
