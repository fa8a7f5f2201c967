"""How a reply looks: the oddities of WHMCS's JSON, each by its switch, and the old NVP form."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from whmcs_source.sandbox.tables_ddl import ZERO_DAY, ZERO_MOMENT

_EMPTY: Mapping[str, Any] = {'""': "", "[]": [], "{}": {}, "null": None}
_WARNING = (
    "<br />\n<b>Warning</b>:  Undefined array key &quot;x&quot; in"
    " <b>/home/billing/public_html/includes/hooks/custom.php</b> on line <b>12</b><br />\n"
)


class Shape:
    """Turns stored values into those of a reply. Cheap: one for each call.

    Args:
        switches: Their values now.
    """

    def __init__(self, switches: Mapping[str, str]) -> None:
        self.switches = switches
        self._ids = switches["ids"]
        self._zero = {"zero": False, "null": None, "empty": ""}[switches["zero_dates"]]
        self._empty_money = switches["empty_money"] == "on"

    def number(self, value: int) -> int | str:
        """An id or counter that is documented as a number."""
        return str(value) if self._ids == "string" else value

    def text_number(self, value: int) -> int | str:
        """An id or counter that is documented as a string."""
        return value if self._ids == "int" else str(value)

    def stamp(self, value: str) -> str | None:
        """A date or a moment, which may be unset."""
        if self._zero is not False and value in (ZERO_DAY, ZERO_MOMENT):
            return self._zero  # type: ignore[return-value]  # None or ""
        return value

    def small_money(self, value: str) -> str:
        """Fees or credit, which have been seen empty."""
        return "" if self._empty_money and value == "0.00" else value

    def put(
        self, reply: dict[str, Any], outer: str, inner: str, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Add a list to a reply: wrapped twice, and in the shape that the switches ask for."""
        if not rows:
            kind = self.switches["empty_list"]
            if kind == "inner":
                reply[outer] = {inner: []}
            elif kind != "missing":
                reply[outer] = _EMPTY[kind]
            return
        single = self.switches["single_as_object"]
        if single == "numeric":
            reply[outer] = {inner: {str(at): row for at, row in enumerate(rows)}}
        elif single == "on" and len(rows) == 1:
            reply[outer] = {inner: rows[0]}
        else:
            reply[outer] = {inner: list(rows)}

    def json(self, reply: Mapping[str, Any], *, flat: bool = False) -> bytes:
        """The body, as PHP writes it: slashes escaped, ASCII only.

        `flat` says that the documentation prints this action's keys flattened.
        """
        if flat and self.switches["flat_keys"] == "on":
            reply = dict(flattened(reply))
        text = json.dumps(reply, separators=(",", ":")).replace("/", "\\/")
        if self.switches["php_warning"] == "on":
            text = _WARNING + text
        body = text.encode("ascii")
        if self.switches["latin1_name"] == "on":
            body = body.replace(b"&uuml;", b"\xfc")
        return body


def flattened(reply: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys of nested values as ``currencies[currency][0][id]``."""
    for key, value in reply.items():
        if isinstance(value, dict | list):
            yield from _within(key, value)
        else:
            yield key, value


def _within(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        name = f"{prefix}[{key}]"
        if isinstance(inner, dict | list):
            yield from _within(name, inner)
        else:
            yield name, inner


def nvp(reply: Mapping[str, Any]) -> bytes:
    """The old form, which is what comes when no `responsetype` is sent."""
    return "".join(f"{key}={value};" for key, value in flattened(reply)).encode()
