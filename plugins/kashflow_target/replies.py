"""KashFlow's replies, read by element name.

Everything is found by name and never by position: the live service sends elements that its older
description lacks and may order them otherwise, and a reader that minds the order loses values
without a word. What is needed and absent, or there twice with two values, is an `UnusableReply`.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bridge.api import TransientError

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]

_NAMESPACE = "{KashFlow}"
_ENVELOPES = (
    "{http://schemas.xmlsoap.org/soap/envelope/}",
    "{http://www.w3.org/2003/05/soap-envelope}",
)
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


class UnusableReply(TransientError):
    """A reply that does not say what was asked. After a write, the door makes it an unknown."""

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


def _local(element: "_Element") -> str:
    """The name of one of KashFlow's own elements; empty for anything else."""
    tag = element.tag
    if isinstance(tag, str) and tag.startswith(_NAMESPACE):
        return tag.removeprefix(_NAMESPACE)
    return ""


def row_of(element: "_Element") -> Row:
    """Read one object, with what is nested in it.

    Raises:
        UnusableReply: an element is there twice with two values, so that neither can be trusted.
    """
    texts: dict[str, str] = {}
    nested: dict[str, list[Row]] = {}
    for child in element:
        name = _local(child)
        if not name or child.get(_NIL) in {"true", "1"}:
            continue
        if len(child):
            nested.setdefault(name, []).append(row_of(child))
            continue
        text = child.text or ""
        if texts.setdefault(name, text) != text:
            msg = f"{_local(element)} came with {name} twice: {texts[name]!r} and {text!r}"
            raise UnusableReply(msg)
    return Row(
        _local(element),
        MappingProxyType(texts),
        MappingProxyType({name: tuple(rows) for name, rows in nested.items()}),
    )


@dataclass(frozen=True, slots=True)
class Fault:
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


def _parser_options() -> dict[str, Any]:
    return {"resolve_entities": False, "no_network": True, "load_dtd": False, "recover": False}


def parse(content: bytes, operation: str) -> Reply | Fault:
    """Read a whole reply.

    Raises:
        UnusableReply: it is not the answer to `operation`.
    """
    from lxml import etree  # type: ignore[import-untyped]

    try:
        root = etree.fromstring(content, etree.XMLParser(**_parser_options()))
    except etree.XMLSyntaxError as error:
        msg = f"the reply is no XML: {error}"
        raise UnusableReply(msg) from error
    if root.getroottree().docinfo.doctype:
        msg = "the reply holds a document type, which SOAP forbids"
        raise UnusableReply(msg)
    content_of = _body_content(root)
    if isinstance(content_of, Fault):
        return content_of
    if _local(content_of) != f"{operation}Response":
        msg = f"the reply is {content_of.tag}, not the answer to {operation}"
        raise UnusableReply(msg)
    return _reply(content_of, operation)


def _body_content(root: "_Element") -> "_Element | Fault":
    for namespace in _ENVELOPES:
        if root.tag != f"{namespace}Envelope":
            continue
        body = root.find(f"{namespace}Body")
        if body is None or len(body) != 1:
            break
        if body[0].tag == f"{namespace}Fault":
            return Fault(_fault_text(body[0], namespace))
        return body[0]
    msg = f"the reply is {root.tag} and no SOAP envelope with one answer"
    raise UnusableReply(msg)


def _fault_text(fault: "_Element", namespace: str) -> str:
    text = fault.findtext("faultstring")
    if text is None:
        text = fault.findtext(f"{namespace}Reason/{namespace}Text")
    return " ".join((text or "").split())


def _reply(response: "_Element", operation: str) -> Reply:
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
        detail=whole.text("StatusDetail").strip(),
        result=whole.text(name).strip(),
        row=row,
        items=items,
    )


@dataclass(slots=True)
class ListReply:
    """A long list, read as a stream: only the item at hand is in memory.

    `rows` yields; `status`, `detail` and `fault` are known when it has ended.
    """

    operation: str
    item: str
    status: str = ""
    detail: str = ""
    fault: Fault | None = None
    _answered: bool = field(default=False)

    def rows(self, chunks: Iterable[bytes]) -> Iterator[Row]:
        """Yield each item as its last byte arrives.

        Raises:
            UnusableReply: the reply is not the answer to the operation, or is cut short.
        """
        from lxml import etree

        parser = etree.XMLPullParser(("start", "end"), **_parser_options())
        try:
            for chunk in chunks:
                parser.feed(chunk)
                yield from self._take(parser)
            parser.close()
        except etree.XMLSyntaxError as error:
            msg = f"the reply is no XML: {error}"
            raise UnusableReply(msg) from error
        yield from self._take(parser)
        if not self._answered and self.fault is None:
            msg = f"the reply is not the answer to {self.operation}"
            raise UnusableReply(msg)

    def _take(self, parser: Any) -> Iterator[Row]:
        for event, element in parser.read_events():
            if event == "start":
                self._started(element)
                continue
            parent = element.getparent()
            where = "" if parent is None else _local(parent)
            name = _local(element)
            if name == self.item and where == f"{self.operation}Result":
                if element.get(_NIL) not in {"true", "1"}:
                    yield row_of(element)
                _let_go(element)
            elif where == f"{self.operation}Response":
                self._tail(name, element.text or "")
            elif element.tag.endswith("}Fault") and element.tag.startswith(_ENVELOPES):
                namespace = element.tag.removesuffix("Fault")
                self.fault = Fault(_fault_text(element, namespace))

    def _started(self, element: "_Element") -> None:
        if element.getparent() is None and element.tag not in {
            f"{namespace}Envelope" for namespace in _ENVELOPES
        }:
            msg = f"the reply is {element.tag} and no SOAP envelope"
            raise UnusableReply(msg)
        if _local(element) == f"{self.operation}Response":
            self._answered = True

    def _tail(self, name: str, text: str) -> None:
        if name == "Status":
            self.status = text.strip()
        elif name == "StatusDetail":
            self.detail = text.strip()


def _let_go(element: "_Element") -> None:
    """Free an item that was read, and what stands before it in the tree."""
    parent = element.getparent()
    element.clear()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]
