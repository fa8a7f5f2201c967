"""KashFlow's replies, read by element name.

Everything is found by name and never by position: the live service sends elements that its older
description lacks and may order them otherwise, and a reader that minds the order loses values
without a word. What is needed and absent, or there twice with two values, is an `UnusableReply`.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bridge.api import TransientError

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]

NAMESPACE = "{KashFlow}"
ENVELOPES = (
    "{http://schemas.xmlsoap.org/soap/envelope/}",
    "{http://www.w3.org/2003/05/soap-envelope}",
)
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class UnusableReply(TransientError):
    """A reply that does not say what was asked. After a write, the client makes it an unknown."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"KashFlow's answer could not be used: {why}", remedy="nothing: bridge asks again"
        )
        self.why = why


@dataclass(frozen=True, slots=True)
class Row:
    """One object of a reply.

    Attributes:
        name: Its element.
        texts: Child elements that hold text, by name. Absent and nil ones are not in it.
        nested: Child elements that hold objects, by name.
    """

    name: str
    texts: Mapping[str, str]
    nested: Mapping[str, tuple["Row", ...]]

    def text(self, name: str) -> str:
        """A string; empty when it is absent, since KashFlow leaves empty strings out."""
        return self.texts.get(name, "")

    def whole(self, name: str) -> int:
        """An integer.

        Raises:
            UnusableReply: it is absent or none.
        """
        try:
            return int(self._needed(name))
        except ValueError as error:
            raise self._unusable(name) from error

    def decimal(self, name: str) -> Decimal:
        """A decimal, with as many places as were sent. Raises as `whole`."""
        try:
            return Decimal(self._needed(name))
        except InvalidOperation as error:
            raise self._unusable(name) from error

    def day(self, name: str) -> dt.date:
        """The day of a dateTime; KashFlow keeps no time of day. Raises as `whole`.

        No day at all comes as the first of January of the year 1 (KashFlow manual, Invoice).
        """
        text = self._needed(name)
        try:
            return dt.date.fromisoformat(text[:10])
        except ValueError as error:
            raise self._unusable(name) from error

    def flag(self, name: str) -> bool:
        """A yes or no. Raises as `whole`."""
        text = self._needed(name).lower()
        if text not in {"true", "false", "1", "0"}:
            raise self._unusable(name)
        return text in {"true", "1"}

    def _needed(self, name: str) -> str:
        text = self.texts.get(name, "").strip()
        if not text:
            msg = f"{self.name} came without {name}"
            raise UnusableReply(msg)
        return text

    def _unusable(self, name: str) -> UnusableReply:
        return UnusableReply(f"{self.name} came with {name} {self.texts[name]!r}")


def local(element: "_Element") -> str:
    """The name of one of KashFlow's own elements; empty for anything else."""
    return _name(element.tag)


@lru_cache(maxsize=1000)
def _name(tag: object) -> str:
    if isinstance(tag, str) and tag.startswith(NAMESPACE):
        return tag.removeprefix(NAMESPACE)
    return ""


def row_of(element: "_Element") -> Row:
    """Read one object, with what is nested in it.

    Raises:
        UnusableReply: an element is there twice with two values, so that neither can be trusted.
    """
    texts: dict[str, str] = {}
    nested: dict[str, list[Row]] = {}
    for child in element:
        name = local(child)
        if not name or child.get(NIL) in {"true", "1"}:
            continue
        if len(child):
            nested.setdefault(name, []).append(row_of(child))
            continue
        text = child.text or ""
        if texts.setdefault(name, text) != text:
            msg = f"{local(element)} came with {name} twice: {texts[name]!r} and {text!r}"
            raise UnusableReply(msg)
    return Row(
        local(element),
        MappingProxyType(texts),
        MappingProxyType({name: tuple(rows) for name, rows in nested.items()}),
    )


@dataclass(frozen=True, slots=True)
class SoapFault:
    """A SOAP fault: the service broke off instead of answering."""

    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        status: ``OK`` or ``NO``, as far as is known.
        detail: A text that may come with either.
        result: What stands in the result element as text.
        row: The result as an object; without fields where there is none.
        items: The objects in the result, by element.
    """

    status: str
    detail: str
    result: str
    row: Row
    items: tuple[Row, ...]


_NOTHING: Mapping[str, Any] = MappingProxyType({})


def parser_options() -> dict[str, Any]:
    """No entity is resolved, nothing fetched, nothing mended."""
    return {"resolve_entities": False, "no_network": True, "load_dtd": False, "recover": False}


def parse(content: bytes, operation: str, scrub: Callable[[str], str]) -> Reply | SoapFault:
    """Read a whole reply. Its words go through `scrub`, lest the far side echo the password.

    Raises:
        UnusableReply: it is not the answer to `operation`.
    """
    from lxml import etree  # type: ignore[import-untyped]

    try:
        root = etree.fromstring(content, etree.XMLParser(**parser_options()))
    except etree.XMLSyntaxError as error:
        msg = f"the reply is no XML: {error}"
        raise UnusableReply(msg) from error
    if root.getroottree().docinfo.doctype:
        msg = "the reply holds a document type, which SOAP forbids"
        raise UnusableReply(msg)
    content_of = _body_content(root, scrub)
    if isinstance(content_of, SoapFault):
        return content_of
    if local(content_of) != f"{operation}Response":
        msg = f"the reply is {content_of.tag}, not the answer to {operation}"
        raise UnusableReply(msg)
    return _reply(content_of, operation, scrub)


def _body_content(root: "_Element", scrub: Callable[[str], str]) -> "_Element | SoapFault":
    for namespace in ENVELOPES:
        if root.tag != f"{namespace}Envelope":
            continue
        body = root.find(f"{namespace}Body")
        if body is None or len(body) != 1:
            break
        if body[0].tag == f"{namespace}Fault":
            return SoapFault(scrub(fault_text(body[0], namespace)))
        return body[0]
    msg = f"the reply is {root.tag} and no SOAP envelope with one answer"
    raise UnusableReply(msg)


def fault_text(fault: "_Element", namespace: str) -> str:
    """The words of a SOAP 1.1 or 1.2 fault."""
    text = fault.findtext("faultstring")
    if text is None:
        text = fault.findtext(f"{namespace}Reason/{namespace}Text")
    return " ".join((text or "").split())


def _reply(response: "_Element", operation: str, scrub: Callable[[str], str]) -> Reply:
    whole = row_of(response)
    name = f"{operation}Result"
    results = whole.nested.get(name, ())
    if len(results) > 1:
        msg = f"{name} came twice"
        raise UnusableReply(msg)
    row = results[0] if results else Row(name, _NOTHING, _NOTHING)
    items = tuple(item for rows in row.nested.values() for item in rows)
    return Reply(
        status=whole.text("Status").strip(),
        detail=scrub(whole.text("StatusDetail").strip()),
        result=whole.text(name).strip(),
        row=row,
        items=items,
    )
