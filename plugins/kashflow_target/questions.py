"""What `bridge init` asks about KashFlow, with answers that the account really has."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import yaml

from bridge.api import Choice, Conversation, Decision, Json, Question, Survey
from kashflow_target.account.reference_data import AccountData
from kashflow_target.decisions import decisions
from kashflow_target.settings.names import AccountItem, Register

HOLD = Choice("hold it for now", None)
_MAP = Choice("a payment method and a bank account of KashFlow", {})
_FEED = Choice("a bank feed brings these payments already: book the invoices only", "bank_feed")
_ABOUT = {
    "client_balances": "Clients' balances",
    "fees": "Gateways' fees",
    "exchange_differences": "Exchange differences",
    "manual_credits": "Balances that staff gave",
    "eu_consumer_vat": "EU consumers' VAT",
}
_FORMS = {
    "client_balances": "keep it on a ledger account of its own",
    "fees": "take each fee out of the gateway's account, to a nominal",
    "exchange_differences": "book the difference to a nominal",
    "manual_credits": "a nominal bears them",
    "eu_consumer_vat": "book that VAT to a nominal of its own, outside the UK return",
}
_ASKED_APART = frozenset({"gateways", "nominals.discounts", "client_balances.vat"})
_LABELS: Mapping[tuple[str, str], str] = {
    ("fees", "on_gateway_invoice"): "the bookkeeper books the gateway's own bill",
    ("manual_credits", "hold"): "always hold them for a person",
    ("vat", "when_used"): "when an invoice uses it: it comes in outside VAT",
    ("vat", "on_receipt"): "when it comes in: held, with the VAT that you owe",
    ("invoice_rate", "kashflow"): "the rate stored in KashFlow",
    ("invoice_rate", "source"): "the rate of the payment, as the billing system has it",
    ("foreign_payments", "home"): "home currency, as KashFlow's knowledge base says",
    ("foreign_payments", "invoice"): "the invoice's currency; confirm it on your own account first",
}


def questions(given: Mapping[str, Json], survey: Survey | None) -> Conversation:
    """Gateways, sales types, then the accounting decisions.

    Raises:
        AccessError, UnreachableError: as `KashFlowTarget.check`.
    """
    account = _account(given)
    yield from _gateways(account, survey)
    yield from _nominals(account, survey.line_types if survey else ())
    is_foreign = survey is not None and set(survey.currencies) != {account.home}
    has_balances = False
    for decision in decisions():
        if decision.key in _ASKED_APART or (_only_foreign(decision) and not is_foreign):
            continue
        if decision.key == "manual_credits" and not has_balances:
            continue  # it moves balances, of which nobody has said where they are
        answer = yield from _decision(decision, account)
        has_balances |= decision.key == "client_balances" and answer is not None


def _account(given: Mapping[str, Json]) -> AccountData:
    from kashflow_target.settings.settings import KashFlowSettings
    from kashflow_target.target import KashFlowTarget

    asked_later = {"nominals": {"default": "not chosen yet"}}
    with KashFlowTarget(KashFlowSettings.model_validate({**given, **asked_later})) as target:
        target.check()
        return target.account()


def _gateways(account: AccountData, survey: Survey | None) -> Conversation:
    if survey is None:
        return
    foreign = [code for code in survey.currencies if code != account.home]
    for gateway, called in survey.gateways.items():
        key = ("gateways", gateway)
        named = gateway if called == gateway else f"{called} ({gateway})"
        answer = yield Question(
            key, f"What are payments by {named}?", (_MAP, _FEED, HOLD), default=2
        )
        if answer == _MAP.value:
            like = f"{called} {gateway}"
            yield _of((*key, "method"), "As which payment method?", account.methods, like)
            yield _of((*key, "account"), "On which bank account?", account.accounts, like)
            yield from _accounts_apart(key, named, foreign, account)


def _accounts_apart(
    key: tuple[str, ...], named: str, foreign: Sequence[str], account: AccountData
) -> Conversation:
    """Asked for the currencies that some bank account is called after."""
    for code in foreign:
        if any(code in each.name.upper().split() for each in account.accounts.entries):
            text = f"On which bank account is money in {code} by {named}?"
            found = _of((*key, "currencies", code), text, account.accounts, "")
            yield _with_none(found, Choice("the same", None))


def _nominals(account: AccountData, line_types: tuple[str, ...]) -> Conversation:
    sales = account.nominals
    text = "Which sales type do lines take that nothing else names?"
    yield _of(("nominals", "default"), text, sales, "")
    for line_type in line_types:
        text = f"Which do lines of the type {line_type} take?"
        found = _of(("nominals", "types", line_type), text, sales, line_type)
        yield _with_none(found, Choice("the same", None))
    text = "And discounts that reduce no one line?"
    yield _with_none(_of(("nominals", "discounts"), text, sales, ""), HOLD)


def _with_none(question: Question, none: Choice) -> Question:
    return Question(question.key, question.text, (none, *question.choices))


def _of(key: tuple[str, ...], text: str, register: Register, like: str) -> Question:
    """One of what the account has; proposed is only what is called so."""
    found = register.entries
    alike = [at for at, each in enumerate(found) if each.name and _is_called(each.name, like)]
    return Question(
        key,
        text,
        tuple(Choice(str(each), _named(each, register)) for each in found),
        default=alike[0] if len(alike) == 1 else None,
    )


def _is_called(name: str, like: str) -> bool:
    """Whether the words of one are among those of the other."""
    words, wanted = set(name.casefold().split()), set(like.casefold().split())
    return words <= wanted or (bool(wanted) and wanted <= words)


def _named(known: AccountItem, register: Register) -> Json:
    """By name where that says which, else by id."""
    same = [each for each in register.entries if each.name.casefold() == known.name.casefold()]
    return known.name if len(same) == 1 and known.name else {"id": known.id}


def _only_foreign(decision: Decision) -> bool:
    return decision.key in {"invoice_rate", "foreign_payments", "exchange_differences"}


def _decision(decision: Decision, account: AccountData) -> Generator[Question, Json, Json]:
    """Each line that may be written is an answer; names in it are asked for in turn.

    Answers what was chosen: None where it is left open.
    """
    name = decision.key
    values = [cast("dict[str, Any]", yaml.safe_load(line))[name] for line in decision.lines]
    words = tuple(
        Choice(_LABELS.get((name, each), each), each) for each in values if _is_word(each)
    )
    forms = tuple(Choice(_FORMS[name], {}) for each in values if not _is_word(each))
    none = Choice(f"decide later: {decision.assumed}", None) if decision.assumed else HOLD
    text = f"{decision.about[0].upper()}{decision.about[1:]}?"
    answer = yield Question((name,), text, (none, *words, *forms))
    if answer != {}:
        return answer
    form = next(each for each in values if not _is_word(each))
    for part, example in form.items():
        yield _part((name, part), str(example), account)
    return answer


def _is_word(value: object) -> bool:
    return isinstance(value, str)


def _ledgers(account: AccountData) -> Register:
    """The bank accounts that are nominals too, as both are to be one ledger account."""
    codes = {each.code for each in account.nominals.entries}
    both = tuple(each for each in account.accounts.entries if each.code in codes)
    return replace(account.accounts, entries=both or account.accounts.entries)


def _part(key: tuple[str, ...], example: str, account: AccountData) -> Question:
    registers = {
        "nominal": ("to which nominal?", account.nominals),
        "method": ("as which payment method?", account.methods),
        "account": ("on which ledger account?", _ledgers(account)),
    }
    about = _ABOUT[key[0]]
    if key[-1] in registers:
        text, register = registers[key[-1]]
        return _of(key, f"{about}: {text}", register, example)
    text = "When does that money bear VAT? Ask your accountant."
    words = (Choice(_LABELS["vat", each], each) for each in ("when_used", "on_receipt"))
    return Question(key, text, (HOLD, *words))
