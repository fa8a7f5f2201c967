"""The `books:` part: accounting choices that the core carries out, and where 0.1 had them."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from bridge.config.nodes import Node
from bridge.errors import Problem
from bridge.plugin import Choice, Conversation, Decision, Question

BOOKS = "books"
_OLD_PLACE = "target"

CHOICES = (
    "books_closed_to",
    "when_closed",
    "price_reductions",
    "refund_to_balance",
    "cancelled_after_booking",
)
"""The settings under `books:`, which stood under `target:` in 0.1."""

DECISIONS = (
    Decision(
        "price_reductions",
        "refunds that lower what a client was charged",
        ("refund_policy",),
        ("price_reductions: credit_note", "price_reductions: hold"),
    ),
    Decision(
        "refund_to_balance",
        "refunds put on a client's balance instead of being returned",
        ("refund_to_balance",),
        ("refund_to_balance: credit_note", "refund_to_balance: hold"),
    ),
    Decision(
        "cancelled_after_booking",
        "invoices that are cancelled after they were booked",
        ("cancelled_after_booking",),
        ("cancelled_after_booking: hold",),
    ),
)


_LABELS = {
    ("price_reductions", "credit_note"): "a credit note on the day of the refund",
    ("refund_to_balance", "credit_note"): "a credit note, its money on the client's balance",
}


def questions(*, with_balances: bool) -> Conversation:
    """Ask each choice; of refunds to a balance only where somebody said where balances are."""
    for one in DECISIONS:
        if one.key == "refund_to_balance" and not with_balances:
            continue
        words = [line.partition(": ")[2] for line in one.lines]
        choices = [
            Choice(_LABELS.get((one.key, word), "always hold them for a person"), word)
            for word in words
        ]
        text = f"{one.about[0].upper()}{one.about[1:]}?"
        yield Question((one.key,), text, (Choice("hold it for now", None), *choices))


def moves_balances(decision: Decision) -> bool:
    """Return whether a target's decision says where clients' balances are."""
    return "credit_unmapped" in decision.reasons


def gathered(root: Node, file: str, problems: list[Problem]) -> tuple[Node, list[Problem]]:
    """Return the file with the choices of the old place under `books:`, and a warning for each.

    What both places say differently is added to `problems`.
    """
    old, books = root.children.get(_OLD_PLACE), root.children.get(BOOKS) or Node({})
    moved = [key for key in CHOICES if old is not None and key in old.children]
    if old is None or not moved or not (books.value is None or books.children or not books.value):
        return root, []
    children, keys = dict(books.children), dict(books.keys)
    warnings = []
    for key in moved:
        mark = old.keys[key]
        where = f"{file}:{mark.line}:{mark.column}"
        if key in children and children[key].value != old.children[key].value:
            other = keys[key].line
            problems.append(
                Problem(
                    f"{_OLD_PLACE}.{key} says something else than {BOOKS}.{key} on line {other}",
                    f"keep the one under `{BOOKS}:`",
                    where,
                    f"{_OLD_PLACE}.{key}",
                )
            )
        children.setdefault(key, old.children[key])
        keys.setdefault(key, mark)
        warnings.append(
            Problem(
                f"{_OLD_PLACE}.{key} is now {BOOKS}.{key}, and is not read here after 0.2",
                f"write it under `{BOOKS}:`, and take this line out",
                where,
                f"{_OLD_PLACE}.{key}",
            )
        )
    inner = Node(children, books.mark if books.children else old.mark, keys)
    return replace(root, value={**root.children, BOOKS: inner}), warnings


def without(section: Node, known: Collection[str]) -> Node:
    """Return a plugin's section without the choices, but for those that its model has itself."""
    kept = {
        key: node for key, node in section.children.items() if key not in CHOICES or key in known
    }
    return replace(section, value=kept)


def open_choices(root: Node) -> list[Decision]:
    """Return the choices that the file leaves to be held."""
    books = root.children.get(BOOKS)
    return [one for one in DECISIONS if books is None or one.key not in books.children]


def refunds_need_balances(undecided: Iterable[Decision]) -> Problem | None:
    """Return what is wrong with booking refunds to balances of which nobody said where they are.

    Args:
        undecided: What the target's section leaves open.
    """
    for one in undecided:
        if moves_balances(one):
            return Problem(
                "refund_to_balance moves clients' balances, and nobody said where they are",
                f"write {_OLD_PLACE}.{one.key}, or `refund_to_balance: hold`",
                key=f"{BOOKS}.refund_to_balance",
            )
    return None
