"""KashFlow's long lists, read as a stream: only the item at hand is in memory."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kashflow_target.soap.replies import (
    ENVELOPES,
    NAMESPACE,
    NIL,
    Reply,
    Row,
    SoapFault,
    UnusableReply,
    fault_text,
    local,
    parser_options,
    row_of,
)

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]

_ROOTS = frozenset(f"{namespace}Envelope" for namespace in ENVELOPES)
_FAULTS = frozenset(f"{namespace}Fault" for namespace in ENVELOPES)


@dataclass(slots=True)
class ListReply:
    """A long list, read as a stream: only the item at hand is in memory.

    `rows` yields; `status`, `detail` and `fault` are known when it has ended.
    """

    operation: str
    item: str
    scrub: Callable[[str], str]
    status: str = ""
    detail: str = ""
    fault: SoapFault | None = None
    _answered: bool = field(default=False)
    _rooted: bool = field(default=False)
    _watched: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        ours = {self.item, f"{self.operation}Response", "Status", "StatusDetail"}
        self._watched = frozenset({f"{NAMESPACE}{name}" for name in ours} | _FAULTS)

    def tail(self) -> Reply:
        """What stands behind the list."""
        return Reply(self.status, self.detail, "", Row("", {}, {}), ())

    def rows(self, chunks: Iterable[bytes]) -> Iterator[Row]:
        """Yield each item as its last byte arrives.

        Raises:
            UnusableReply: the reply is not the answer to the operation, or is cut short.
        """
        from lxml import etree  # type: ignore[import-untyped]

        parser = etree.XMLPullParser(("start", "end"), **parser_options())
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
            if element.tag not in self._watched and self._rooted:  # most are: it saves time
                continue
            if event == "start":
                self._started(element)
                continue
            parent = element.getparent()
            where = "" if parent is None else local(parent)
            name = local(element)
            if name == self.item and where == f"{self.operation}Result":
                if element.get(NIL) not in {"true", "1"}:
                    yield row_of(element)
                _let_go(element)
            elif where == f"{self.operation}Response":
                self._tail(name, element.text or "")
            elif element.tag in _FAULTS:
                namespace = element.tag.removesuffix("Fault")
                self.fault = SoapFault(self.scrub(fault_text(element, namespace)))

    def _started(self, element: "_Element") -> None:
        if not self._rooted and element.tag not in _ROOTS:
            msg = f"the reply is {element.tag} and no SOAP envelope"
            raise UnusableReply(msg)
        self._rooted = True
        if local(element) == f"{self.operation}Response":
            self._answered = True

    def _tail(self, name: str, text: str) -> None:
        if name == "Status":
            self.status = text.strip()
        elif name == "StatusDetail":
            self.detail = self.scrub(text.strip())


def _let_go(element: "_Element") -> None:
    """Free an item that was read, and what stands before it in the tree."""
    parent = element.getparent()
    element.clear()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]
