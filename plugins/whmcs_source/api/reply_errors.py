"""What WHMCS says no with, and what that means for bridge.

The texts are those that open clients of the API test for; WHMCS documents none of them.
"""

import re

from bridge.api import (
    AccessError,
    BridgeError,
    Hold,
    Missing,
    Reason,
    RecordRejectedError,
    SourceRef,
    TransientError,
    UnreachableError,
)

_ADDRESS = re.compile(r"(?:Invalid|Forbidden) IP:?\s*(\S*)", re.IGNORECASE)
_ACTION = re.compile(r'Invalid Permissions: API action "?([^"]*)"? is not allowed', re.IGNORECASE)
_NOT_FOUND = re.compile(r"(?:Invoice|Client)(?: ID)? Not Found", re.IGNORECASE)

_CREDENTIALS_AT = "Configuration > System Settings > API Credentials"
_SIGN_IN_TEXTS = (
    "authentication failed",
    "invalid or missing credentials",
    "invalid password provided",
)


class ActionNotAllowedError(AccessError):
    """The API role of the credential does not list an action.

    Attributes:
        action: The action as bridge names it.
    """

    def __init__(self, action: str) -> None:
        super().__init__(
            f"the API role of bridge's WHMCS credential does not allow {action}",
            remedy=f"tick {action} in that role, in WHMCS under {_CREDENTIALS_AT} > API Roles",
        )
        self.action = action


class UnreadableReplyError(TransientError):
    """WHMCS answered, but something that must be in the answer is not, or makes no sense."""


class OddAmountError(UnreadableReplyError):
    """An amount that no other reading makes bookable: it has to be mended in WHMCS.

    Attributes:
        reason: The word under which what it is part of is held.
    """

    def __init__(self, what: str, *, remedy: str, record: str, reason: Reason) -> None:
        super().__init__(what, remedy=remedy, record=record)
        self.reason = reason


def missing(ref: SourceRef, error: BridgeError) -> Missing:
    """The answer for a record that could not be read; held where trying again is no use."""
    hold = None
    if isinstance(error, OddAmountError):
        hold = Hold(error.reason, error.what, error.remedy)
    return Missing(ref, error.what, gone=False, hold=hold)


def is_not_found(error: RecordRejectedError) -> bool:
    """Whether WHMCS said that the invoice or client does not exist."""
    return _NOT_FOUND.fullmatch(error.text.strip().rstrip(".")) is not None


def refusal(action: str, http_status: int, message: str) -> BridgeError:
    """The error for WHMCS's own "no": `message` is its text, free of secrets."""
    address = _ADDRESS.search(message)
    if address:
        return _address_refused(address.group(1))
    forbidden = _ACTION.search(message)
    if forbidden:
        return ActionNotAllowedError(action)
    words = message.strip().rstrip(".").lower()
    if words in _SIGN_IN_TEXTS:
        return AccessError(
            f"WHMCS refused the sign-in: {message}",
            remedy="check identifier and secret (or username and password) in bridge.yaml against"
            f" WHMCS, {_CREDENTIALS_AT}; create a new pair there if the secret is lost",
        )
    if "account disabled" in words:
        return AccessError(
            f"WHMCS refused the sign-in: {message}",
            remedy="enable the administrator that the API credential belongs to, or create a"
            f" credential for another one under {_CREDENTIALS_AT}",
        )
    if words == "access denied":
        return AccessError(
            "WHMCS refused the sign-in: the administrator may not use the API",
            remedy="tick API Access in the administrator's role, in WHMCS under Configuration >"
            " System Settings > Administrator Roles",
        )
    if words == "empty action request":
        return UnreachableError(
            "WHMCS received the call without its contents: something on the way dropped them",
            remedy="set source.url to the very address that WHMCS uses, so that nothing redirects",
        )
    if http_status in (401, 403):
        return AccessError(
            f"WHMCS refused {action} with HTTP {http_status}: {message}",
            remedy=f"check the credential, its role and its administrator under {_CREDENTIALS_AT}",
        )
    if http_status >= 400:
        return TransientError(
            f"WHMCS answered {action} with HTTP {http_status}: {message}",
            remedy="run bridge again; if it stays, look into WHMCS's activity log",
        )
    return RecordRejectedError(
        f"WHMCS refused {action}: {message}",
        remedy="look the record up in WHMCS",
        text=message,
    )


def _address_refused(address: str) -> AccessError:
    seen = address.strip(".,;\"'") or "(not named)"
    return AccessError(
        f"WHMCS does not accept calls from this machine's address, which it saw as {seen}",
        remedy=f"add {seen} in WHMCS under Configuration > System Settings > General Settings >"
        " Security > API IP Access Restriction; or set source.access_key",
    )
