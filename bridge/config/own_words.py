"""What a validator of a plugin says in its own words, told apart for the reader."""

from bridge.config.nodes import Node

_ORDERS = frozenset({"add", "give", "leave", "name", "put", "remove", "set", "use", "write"})


def own_words(error: ValueError, value: str) -> tuple[str, str]:
    """A validator's own words: two texts, or one of the form ``what is wrong: what to do``."""
    text = str(error.args[0])
    if len(error.args) > 1:
        return text, str(error.args[1])
    colon = _outer_colon(text)
    if colon:
        return text[:colon], text[colon + 2 :]
    if text.partition(" ")[0] in _ORDERS:
        return f"{value} is not right", text
    return text, ""


def _outer_colon(text: str) -> int:
    """Where the first colon with a space stands outside brackets and quotes; 0 for none."""
    depth, quote = 0, ""
    for index, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in '"`' or (sign == "'" and not text[index - 1 : index].isalnum()):
            quote = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth -= 1
        elif depth == 0 and text.startswith(": ", index):
            return index
    return 0


def named_key(text: str, node: Node | None) -> str:
    """The key of this mapping that a validator's sentence begins with, if it does."""
    first = text.partition(" ")[0].strip("`'\":,")
    return first if node is not None and first in node.children else ""
