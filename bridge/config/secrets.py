"""Keeping secrets out of whatever people read."""

import re
from collections.abc import Collection

HIDDEN = "********"

_URL_PASSWORD = re.compile(r"(?P<user>\b[a-zA-Z][\w+.-]*://[^\s:/@]*):(?P<password>[^/]+)@")
_QUERY_PASSWORD = re.compile(
    r"(?P<name>[?&][\w-]*(?:password|passwd|pwd|secret|token|key)=)(?P<password>[^&\s]+)",
    re.IGNORECASE,
)
_SHORTEST = 4  # hiding every "a" would make a message unreadable and show where it stands


def hide_url_password(text: str) -> str:
    """A URL without what lets one in.

    >>> hide_url_password("postgresql://bridge:pa:ss@db/books?sslpassword=x")
    'postgresql://bridge:********@db/books?sslpassword=********'
    """
    text = _URL_PASSWORD.sub(rf"\g<user>:{HIDDEN}@", text)
    return _QUERY_PASSWORD.sub(rf"\g<name>{HIDDEN}", text)


def url_passwords(text: str) -> list[str]:
    """What `hide_url_password` would hide."""
    found = [one["password"] for one in _URL_PASSWORD.finditer(text)]
    return found + [one["password"] for one in _QUERY_PASSWORD.finditer(text)]


def without(text: str, secrets: Collection[str]) -> str:
    """The text with each of these values hidden: a last net under everything that is printed."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, HIDDEN)
    return text
