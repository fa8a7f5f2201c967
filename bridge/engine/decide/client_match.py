"""Whether a client stands in the target already. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bridge.model.keys import Reference, label_of, token_at
from bridge.model.reasons import Hold, Reason
from bridge.model.refs import SourceRef, TargetRef
from bridge.model.source_records import Client
from bridge.model.target_records import Payload, TargetClient


@dataclass(frozen=True, slots=True)
class Create:
    """No such client is there."""


@dataclass(frozen=True, slots=True)
class Ours:
    """It is there and carries our key: only the log does not know it."""

    found: TargetClient


@dataclass(frozen=True, slots=True)
class Adopt:
    """It was there before bridge: mark it as ours."""

    found: TargetClient


Match = Create | Ours | Adopt | Hold


def could_match(candidate: TargetClient, keys: "MatchKeys") -> bool:
    """Whether a client of the target is of interest for any of these keys."""
    return (
        candidate.key in keys.codes
        or not keys.emails.isdisjoint(candidate.emails)
        or token_at(candidate.reference) in keys.tokens
    )


@dataclass(frozen=True, slots=True)
class MatchKeys:
    """All keys of the clients of one batch, to pick their candidates out of a stream."""

    codes: frozenset[str]
    emails: frozenset[str]
    tokens: frozenset[str]


def match_client(
    client: Client,
    payload: Payload,
    candidates: Sequence[TargetClient],
    linked: Mapping[TargetRef, SourceRef],
    by: Collection[str],
) -> Match:
    """Decide on one client.

    Its own key in the reference field comes first, then the unique code, then the e-mail
    address, and that only where exactly one has it, it belongs to no other client of ours, and
    the name or the VAT number agrees. Anything less certain waits for a person: a second record
    for a client that is there already cannot be taken back.
    """
    token = payload.reference
    marked = [each for each in candidates if Reference(token).heads(each.reference)]
    if len(marked) > 1:
        return _ambiguous(client, marked, f"carry its key {token}")
    if marked:
        return Ours(marked[0])
    if "code" in by and payload.natural_key:
        coded = [each for each in candidates if each.key == payload.natural_key]
        if coded:
            return _by_code(client, coded[0], label_of(token))
    if "email" in by and client.email:
        return _by_email(client, candidates, linked)
    return Create()


def _by_code(client: Client, found: TargetClient, label: str) -> Match:
    other = token_at(found.reference, label)
    if other:
        return _ambiguous(client, [found], f"have its code but carry the key {other}")
    return Adopt(found)


def _by_email(
    client: Client, candidates: Sequence[TargetClient], linked: Mapping[TargetRef, SourceRef]
) -> Match:
    email = client.email.casefold()
    having = [each for each in candidates if email in each.emails]
    free = [each for each in having if each.ref not in linked]
    if not free:
        return Create()
    if len(having) > 1:
        return _ambiguous(client, having, f"have its e-mail address {client.email}")
    if not _agrees(client, free[0]):
        return _ambiguous(client, free, f"has its e-mail address {client.email} but another name")
    return Adopt(free[0])


def _agrees(client: Client, found: TargetClient) -> bool:
    names = {_letters(client.company), _letters(client.person)} - {""}
    if _letters(found.name) in names:
        return True
    number = _letters(client.tax_number)
    return bool(number) and number == _letters(found.tax_number)


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _ambiguous(client: Client, found: Sequence[TargetClient], why: str) -> Hold:
    names = ", ".join(f"{each.key or each.ref.id} ({each.name})" for each in found)
    return Hold(
        Reason.CLIENT_AMBIGUOUS,
        f"client {client.ref.id} ({client.name}) may be there already: {names} {why}",
        "put the client's key into the reference field of the right one, or make their e-mail"
        " addresses differ; then `bridge retry --reason client_ambiguous`",
    )
