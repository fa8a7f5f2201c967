"""From movements on an account to KashFlow bank transactions. Pure."""

from decimal import Decimal

from bridge.api import (
    Hold,
    Json,
    Kind,
    Money,
    Movement,
    MovementKind,
    Nothing,
    Payload,
    Reason,
    Rule,
    rounded,
)
from kashflow_target.account.ledger import BalanceAccount
from kashflow_target.account.resolved import ResolvedAccount
from kashflow_target.compose.field_text import one_line
from kashflow_target.compose.payment import brought, unmapped
from kashflow_target.settings.names import AccountItem
from kashflow_target.vat.rules import percent


def compose_movement(movement: Movement, books: ResolvedAccount) -> Payload | Hold | Nothing:
    """The bank transaction that stands for `movement`, in home currency and outside VAT.

    KashFlow keeps bank balances in home currency (its knowledge base, "Editing a currency"), and
    bank lines reach a VAT return unless they are N/A ("Bank transactions on a VAT return").
    """
    match movement.kind:
        case MovementKind.FEE:
            return _fee(movement, books)
        case MovementKind.BALANCE_IN | MovementKind.BALANCE_OUT | MovementKind.EXCESS:
            return _balance(movement, books)
        case MovementKind.BY_HAND:
            return _by_hand(movement, books)
        case MovementKind.EXCHANGE_DIFFERENCE:
            return _difference(movement, books)


def _fee(movement: Movement, books: ResolvedAccount) -> Payload | Hold | Nothing:
    ledger = books.ledger
    if ledger.fees_apart:
        return Nothing(
            Rule(_about(movement), "fees on_gateway_invoice", "booked from its own bill")
        )
    if ledger.fees is None:
        return Hold(
            Reason.FEE_UNMAPPED,
            f"the gateway {movement.gateway} kept a fee of {-movement.amount}",
            "say under target where fees go, `fees: {nominal: ...}`, or that the gateway's own bill"
            " is booked by hand, `fees: on_gateway_invoice`",
        )
    account = _account(movement, books)
    if isinstance(account, Hold):
        return account
    if account is None:
        return Nothing(brought(_about(movement), movement.gateway))
    return _line(movement, account, ledger.fees, "fees.nominal", books)


def _balance(movement: Movement, books: ResolvedAccount) -> Payload | Hold | Nothing:
    balances = books.ledger.balances
    if balances is None:
        return Hold(
            Reason.PREPAYMENT_UNMAPPED,
            f"{movement.amount} moved on a client's balance",
            "say where balances are kept: `client_balances: {method: ..., account: ...}` under"
            " target; or book it by hand",
        )
    undecided = _undecided(movement, balances, books)
    if undecided:
        return undecided
    account = _account(movement, books)
    if isinstance(account, Hold):
        return account
    if account is None:
        return Hold(
            Reason.PREPAYMENT_UNMAPPED,
            f"a bank feed brings the {movement.amount} that moved on a client's balance",
            f"explain the feed's line in KashFlow as {balances.nominal}, then `bridge skip` the"
            " invoice with the reason",
        )
    return _line(movement, account, balances.nominal, "client_balances", books)


def _undecided(movement: Movement, balances: BalanceAccount, books: ResolvedAccount) -> Hold | None:
    """Whether money paid in advance bears VAT is not for bridge to decide."""
    if movement.kind is not MovementKind.BALANCE_IN or balances.vat == "when_used":
        return None
    if balances.vat == "on_receipt":
        tax = _vat_in(movement.amount, books)
        return Hold(
            Reason.PREPAYMENT_UNMAPPED,
            f"{movement.amount} was paid in advance, and VAT is due on receipt: {tax}",
            "book it by hand with its VAT, then `bridge skip` the invoice with the reason",
        )
    return Hold(
        Reason.PREPAYMENT_UNMAPPED,
        f"{movement.amount} was paid in advance, and whether VAT is due on receipt was not decided",
        "ask your accountant, and write the answer under target.client_balances: `vat: when_used`"
        " or `vat: on_receipt`",
    )


def _vat_in(amount: Money, books: ResolvedAccount) -> str:
    """The VAT inside a gross amount at the account's highest rate."""
    rate = max(books.vat.account_rates, default=Decimal(0))
    tax = rounded(amount.amount * rate / (100 + rate), amount.currency)
    return f"{tax} at {percent(rate)} %"


def _by_hand(movement: Movement, books: ResolvedAccount) -> Payload | Hold | Nothing:
    """On the balances' own account, whose credit side is what clients have."""
    ledger = books.ledger
    if ledger.given is None or ledger.balances is None:
        return Hold(
            Reason.UNFUNDED_CREDIT,
            f"{movement.amount} was put on or off a client's balance by hand, without money",
            "say what bears such credits, `manual_credits: {nominal: ...}` under target; or decide"
            " what it was and book it by hand",
        )
    account = ledger.balances.account
    return _line(movement, account, ledger.given, "manual_credits.nominal", books)


def _difference(movement: Movement, books: ResolvedAccount) -> Payload | Hold | Nothing:
    account = _account(movement, books)
    nominal = books.ledger.differences
    if isinstance(account, Hold):
        return account
    if account is None or nominal is None:
        return Hold(
            Reason.EXCHANGE_DIFFERENCE,
            f"an exchange difference of {movement.amount} arose",
            "say where differences go: `exchange_differences: {nominal: ...}` under target; or book"
            " it by hand",
        )
    return _line(movement, account, nominal, "exchange_differences.nominal", books)


def _account(movement: Movement, books: ResolvedAccount) -> AccountItem | Hold | None:
    """The gateway's account for money in the movement's currency; None where a feed brings it."""
    if movement.gateway not in books.gateways:
        return unmapped(movement.gateway, movement.amount, books)
    mapped = books.gateways[movement.gateway]
    return mapped.account_for(movement.paid_in or movement.amount.currency)[0] if mapped else None


def _line(
    movement: Movement,
    account: AccountItem,
    nominal: AccountItem,
    rule: str,
    books: ResolvedAccount,
) -> Payload | Hold | Nothing:
    worth = _worth(movement, books)
    if isinstance(worth, Hold):
        return worth
    if not worth:
        return Nothing(Rule(_about(movement), rule, f"{movement.amount} is no whole penny"))
    return bank_transaction(
        movement,
        -worth if movement.kind is MovementKind.BY_HAND else worth,
        account=account,
        nominal=nominal,
        rule=rule,
        by_code=books.accounts_by_code,
    )


def _worth(movement: Movement, books: ResolvedAccount) -> Money | Hold:
    """The movement in home currency."""
    for money in (movement.amount, movement.base_amount):
        if money is not None and money.currency == books.home:
            return money
    return Hold(
        Reason.EXCHANGE_DIFFERENCE,
        f"what {movement.amount} was worth in {books.home} is not known",
        "book it by hand at its rate, then `bridge skip` the invoice with the reason",
    )


def _about(movement: Movement) -> str:
    return f"movement {movement.ref.id}"


def bank_transaction(
    movement: Movement,
    amount: Money,
    *,
    account: AccountItem,
    nominal: AccountItem,
    rule: str,
    by_code: bool,
) -> Payload:
    """A bank transaction outside VAT.

    Args:
        movement: What it stands for.
        amount: Home currency; positive is into the account.
        account: The bank account.
        nominal: The other side.
        rule: The setting that decided.
        by_code: Whether accid takes the account's code. The manual says so; a live answer shows
            ids (kashflow-python-samples).
    """
    comment = one_line(str(movement.reference))
    side = "moneyin" if amount.amount > 0 else "moneyout"
    accid = account.code if by_code and account.code is not None else account.id
    body: dict[str, Json] = {
        "accid": accid,
        "TransactionDate": movement.date.isoformat(),
        side: str(abs(amount).amount),
        "Vatable": 0,
        "VatRate": "-1",
        "TransactionType": nominal.id,
        "Comment": comment,
    }
    return Payload(
        kind=Kind.MOVEMENT,
        body=body,
        reference=comment,
        date=movement.date,
        net=amount,
        tax=Money.zero(amount.currency),
        rules=(Rule(_about(movement), rule, f"{amount} on {account}, to {nominal}, outside VAT"),),
        # A difference arises in home currency only: nothing moved in the client's.
        paid=None if movement.kind is MovementKind.EXCHANGE_DIFFERENCE else movement.amount,
    )
