"""Text as WHMCS keeps it, made plain.

What clients and administrators type is stored HTML-escaped and comes out that way; WHMCS itself
puts tags into descriptions. Source: seen in several open WHMCS modules, which decode entities
exactly once, then strip tags, then normalise line breaks.
"""

import codecs
import html
import re

STRAY_BYTES = "whmcs_western"
"""The `errors` of a decoding by which a byte that is no UTF-8 is read as Western European."""

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BREAK = re.compile(r"<br\s*/?>|</(?:p|div|li|tr|h[1-6])\s*>", re.IGNORECASE)
# Only known names, so that "Ann <ann@example.com>" and "a < b > c" keep their text.
_TAG = re.compile(
    r"</?(?:a|b|big|blockquote|center|code|dd|div|dl|dt|em|font|h[1-6]|hr|i|img|li|ol|p|pre|s"
    r"|small|span|strike|strong|sub|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
# What XML 1.0 cannot carry, and lone surrogates, which no encoding can.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _decode_entities(text: str) -> str:
    # Only complete entities: html.unescape alone would turn "?a=1&copy=2" into "?a=1©=2".
    return _ENTITY.sub(lambda match: html.unescape(match.group()), text)


def is_plain(text: str) -> bool:
    """Whether nothing can have to be done but to strip it: most texts, and told in no time."""
    return text.isascii() and text.isprintable() and "&" not in text and "<" not in text


def plain(text: str) -> str:
    """Plain text, line breaks kept: entities decoded once, tags gone, nothing XML forbids."""
    if is_plain(text):
        return text.strip()
    text = _decode_entities(text)
    text = _TAG.sub("", _BREAK.sub("\n", text))
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\N{NO-BREAK SPACE}", " ")
    text = _FORBIDDEN.sub("", text)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def single_line(text: str) -> str:
    """As `plain`, on one line, with single spaces: for names and addresses."""
    if is_plain(text) and "  " not in text:
        return text.strip()
    return " ".join(plain(text).split())


def _one_byte_text(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(_western(byte) for byte in wrong), error.end


def _western(byte: int) -> str:
    single = bytes([byte])
    try:
        return single.decode("cp1252")
    except UnicodeDecodeError:
        return single.decode("latin-1")


codecs.register_error(STRAY_BYTES, _one_byte_text)


def decoded(body: bytes) -> str:
    """A reply's text. A byte that is no UTF-8 is read as Western European, it alone.

    Some installs mix Latin-1 bytes into tables declared UTF-8. Source: seen in open WHMCS modules.
    """
    return body.decode("utf-8-sig", errors=STRAY_BYTES)
