"""SOAP 1.1 and 1.2 envelopes: taking a request apart, putting a reply or fault together."""

from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree  # type: ignore[import-untyped]

from kashflow_target.sandbox.interface import NAMESPACE, interface

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"

_UNREADABLE = "Server was unable to read request."


class SoapFaultError(Exception):
    """The request could not be read, or the server broke on it: HTTP 500 with a fault.

    Attributes:
        party: ``Client`` or ``Server``: whose mistake it was.
        text: The fault string.
        soap: Namespace of the envelope that the fault goes back in.
    """

    def __init__(self, text: str, *, party: str = "Client") -> None:
        super().__init__(text)
        self.party = party
        self.text = text
        self.soap = SOAP11


def unreadable(detail: str) -> SoapFaultError:
    """The fault of a request that could not be turned into arguments, in ASP.NET's words."""
    return SoapFaultError(f"{_UNREADABLE} ---> {detail}")


@dataclass(frozen=True, slots=True)
class Message:
    """A request taken apart.

    Attributes:
        soap: Namespace of its envelope; the reply uses the same.
        operation: ``InsertInvoice``.
        body: The operation's element.
    """

    soap: str
    operation: str
    body: Any


def opened(content: bytes, *, action: str | None, strict: bool) -> Message:
    """Take a request apart.

    Args:
        content: The HTTP body.
        action: The SOAPAction header or the action of the content type; None when neither came.

    Raises:
        SoapFaultError: not XML, not SOAP, an unknown operation, or one that the action denies.
    """
    root = _parsed(content)
    name = etree.QName(root)
    if name.localname != "Envelope" or name.namespace not in (SOAP11, SOAP12):
        raise unreadable("The root element is not a SOAP Envelope.")
    try:
        body = _body(root, name.namespace)
        operation = etree.QName(body).localname
        _check_action(action, operation, name.namespace, strict=strict)
    except SoapFaultError as error:
        error.soap = name.namespace
        raise
    return Message(name.namespace, operation, body)


def _body(root: Any, soap: str) -> Any:
    bodies = root.findall(f"{{{soap}}}Body")
    children = list(bodies[0]) if len(bodies) == 1 else []
    if len(children) != 1:
        raise unreadable("The envelope does not hold one Body with one element.")
    operation = etree.QName(children[0])
    if operation.namespace != NAMESPACE or operation.localname not in interface().arguments:
        raise SoapFaultError(
            f"Server did not recognize the element {operation.localname} of namespace "
            f"{operation.namespace!r} as an operation."
        )
    return children[0]


def _check_action(action: str | None, operation: str, soap: str, *, strict: bool) -> None:
    if action is None:
        if strict and soap == SOAP11:
            raise SoapFaultError(
                "Unable to handle request without a valid action parameter. "
                "The SOAPAction header is missing."
            )
    elif action.strip().strip('"') != f"{NAMESPACE}/{operation}":
        raise SoapFaultError(
            f"Server did not recognize the value of HTTP Header SOAPAction: {action}."
        )


def _parsed(content: bytes) -> Any:
    # Entities are neither expanded nor fetched, and a document type is refused altogether.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise unreadable(f"There is an error in the XML document: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise unreadable("For security reasons DTD is prohibited in this XML document.")
    return root


def sealed(inner: str, soap: str) -> bytes:
    """An envelope around the content of its body."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{soap}" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
        f"<soap:Body>{inner}</soap:Body></soap:Envelope>"
    ).encode()


def fault(error: SoapFaultError) -> bytes:
    """The envelope of a fault."""
    text = escape(error.text)
    if error.soap == SOAP12:
        code = "Sender" if error.party == "Client" else "Receiver"
        return sealed(
            f"<soap:Fault><soap:Code><soap:Value>soap:{code}</soap:Value></soap:Code>"
            f'<soap:Reason><soap:Text xml:lang="en">{text}</soap:Text></soap:Reason>'
            "<detail /></soap:Fault>",
            SOAP12,
        )
    return sealed(
        f"<soap:Fault><faultcode>soap:{error.party}</faultcode>"
        f"<faultstring>{text}</faultstring><detail /></soap:Fault>",
        SOAP11,
    )


def answer(operation: str, result: str | None, status: str, detail: str | None) -> str:
    """The response element, in the default namespace as .NET writes it.

    Args:
        result: Inside of the result element; None leaves the element out.
        detail: StatusDetail; None leaves it out.
    """
    parts = [f'<{operation}Response xmlns="{NAMESPACE}">']
    if result is not None:
        name = f"{operation}Result"
        parts.append(f"<{name}>{result}</{name}>" if result else f"<{name} />")
    parts.append(f"<Status>{escape(status)}</Status>")
    if detail is not None:
        parts.append(
            f"<StatusDetail>{escape(detail)}</StatusDetail>" if detail else "<StatusDetail />"
        )
    parts.append(f"</{operation}Response>")
    return "".join(parts)
