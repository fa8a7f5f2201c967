"""What KashFlow's own words of refusal mean for us.

A refusal is an HTTP 200 with Status NO and a text in StatusDetail. Few texts are documented; the
known ones come from working clients (KashflowAPI for Ruby, spree-kashflow's change log, the Deskpro
app, WHMCS's own notes on common problems). What an account says otherwise can be taught with
`target.refusal_texts`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.api import AccessError, BridgeError, Reason, RecordRejectedError

ACCESS = "access"
_ACCESS_WORDS = frozenset({ACCESS, "api_disabled", "account_locked", "account_expired"})
_ALIASES = {"locked_period": Reason.PERIOD_LOCKED.value}

_PASSWORD = re.compile(r"incorrect username or password", re.IGNORECASE)
_ADDRESS = re.compile(r"the ip address of (\S+) is not in the access list", re.IGNORECASE)
_NOT_UNIQUE = re.compile(r"customer code is not unique", re.IGNORECASE)
_BAD_CODE = re.compile(r"customer code specified is invalid", re.IGNORECASE)
_NO_CUSTOMER = re.compile(r"no customer", re.IGNORECASE)
# Guesses, since neither text is documented. An account that is locked or without API access
# stops the run; a lock on a period holds the one document.
_NO_ACCESS = re.compile(
    r"\bapi\b.*\b(disabled|switched off|not\b.*\b(enabled|available|active|switched on|allowed))"
    r"|\b(account|user|login|subscription)\b.*\b(locked|disabled|suspended|expired|closed)\b",
    re.IGNORECASE,
)
_LOCKED = re.compile(
    r"\block(s|ed|ing)?\b|\b(period|year|month|vat return)\b.*\bclosed\b"
    r"|\bclosed\b.*\b(period|year|month|vat return)\b|\bbefore the lock\b",
    re.IGNORECASE,
)


def known_reason(word: str) -> str:
    """The reason code, or `ACCESS`, that an operator's word in `refusal_texts` means.

    Raises:
        ValueError: it means nothing.
    """
    plain = "_".join(word.lower().replace("-", " ").split())
    plain = _ALIASES.get(plain, plain)
    if plain in _ACCESS_WORDS:
        return ACCESS
    if plain in {reason.value for reason in Reason}:
        return plain
    msg = f"{word!r} is no reason: write {ACCESS}, {Reason.PERIOD_LOCKED.value}, or another code"
    raise ValueError(msg)


def is_absent(error: RecordRejectedError) -> bool:
    """Whether KashFlow refused a look-up because there is no such customer."""
    return bool(_NO_CUSTOMER.search(error.text))


@dataclass(frozen=True, slots=True)
class Refusals:
    """Sorts refusals by what happens next.

    Attributes:
        taught: Part of a text -> reason code or `ACCESS`, from `target.refusal_texts`.
    """

    taught: Mapping[str, str] = field(default_factory=dict)

    def error(self, text: str, *, operation: str, record: str) -> BridgeError:
        """The error for a refusal in these words."""
        for part, reason in self.taught.items():
            if part.casefold() in text.casefold():
                return self._taught(text, reason, operation, record)
        return _access(text) or _rejected(text, operation, record)

    def _taught(self, text: str, reason: str, operation: str, record: str) -> BridgeError:
        if reason == ACCESS:
            return _no_access(text)
        return RecordRejectedError(
            _refused(operation, text),
            remedy="see the entry of this reason in the docs; the text is taught in"
            " target.refusal_texts",
            record=record,
            reason=reason,
            text=text,
        )


def _refused(operation: str, text: str) -> str:
    return f"KashFlow refused {operation}: {text or 'it gave no reason'}"


def _access(text: str) -> AccessError | None:
    if _PASSWORD.search(text):
        return AccessError(
            f"KashFlow refused the login: {text}",
            remedy="check target.username and target.password; where the account has a separate"
            " API password (Settings, API Settings), the login's own password does not work",
        )
    address = _ADDRESS.search(text)
    if address:
        return AccessError(
            f"KashFlow does not let the address {address[1]} in",
            remedy=f"add {address[1]} in KashFlow under Settings, API Settings, allowed IP"
            " addresses",
        )
    return _no_access(text) if _NO_ACCESS.search(text) else None


def _no_access(text: str) -> AccessError:
    return AccessError(
        f"KashFlow lets nothing be done over its API: {text}",
        remedy="enable the SOAP API in KashFlow under Settings, API Settings, and check that the"
        " subscription is active and includes it",
    )


def _rejected(text: str, operation: str, record: str) -> RecordRejectedError:
    reason, remedy = "", "look the text up in KashFlow's help, cure it, and run bridge again"
    if _NOT_UNIQUE.search(text):
        remedy = "another KashFlow customer has this code: link the client to it, or change it"
    elif _BAD_CODE.search(text):
        reason = Reason.TEXT_REJECTED.value
        remedy = "report this: a code made by bridge is letters and digits only"
    elif _LOCKED.search(text):
        reason = Reason.PERIOD_LOCKED.value
        remedy = "unlock the period in KashFlow, or set books.books_closed_to to its last day"
    return RecordRejectedError(
        _refused(operation, text), remedy=remedy, record=record, reason=reason, text=text
    )
