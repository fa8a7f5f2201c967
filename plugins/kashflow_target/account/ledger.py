"""Where money goes that is no payment through a gateway: client balances, fees, differences."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.api import Problem
from kashflow_target.settings.names import AccountItem, Name, Register, Resolver

if TYPE_CHECKING:
    from kashflow_target.settings.money_sections import BalanceSettings
    from kashflow_target.settings.settings import KashFlowSettings


@dataclass(frozen=True, slots=True)
class BalanceAccount:
    """The one ledger account that every addition to a client's balance and every use goes through.

    Attributes:
        method: Payment method of what is paid from a balance.
        account: The ledger account as a bank account, which payments name.
        nominal: The same as a nominal, which bank transactions on other accounts name.
        vat: ``undecided``, ``when_used`` or ``on_receipt``.
    """

    method: AccountItem
    account: AccountItem
    nominal: AccountItem
    vat: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """Resolved names; None where nobody decided.

    Attributes:
        fees: Nominal of gateway fees.
        fees_apart: Whether they are booked by hand from the gateway's own bill.
        differences: Nominal of exchange differences.
        given: Nominal of balances that staff gave or took.
        foreign_vat: Nominal of other states' VAT.
    """

    balances: BalanceAccount | None = None
    fees: AccountItem | None = None
    fees_apart: bool = False
    differences: AccountItem | None = None
    given: AccountItem | None = None
    foreign_vat: AccountItem | None = None


def resolve_ledger(
    settings: "KashFlowSettings",
    methods: Register,
    accounts: Register,
    nominals: Register,
    resolver: Resolver,
) -> Ledger:
    """Find the names; what does not resolve is left with the resolver."""

    def nominal(name: Name | None, key: str) -> AccountItem | None:
        return resolver.one(nominals, name, f"{key}.nominal") if name else None

    balances, fees = settings.client_balances, settings.fees
    differences, given = settings.exchange_differences, settings.manual_credits
    abroad = settings.eu_consumer_vat
    return Ledger(
        balances=_balances(balances, methods, accounts, nominals, resolver) if balances else None,
        fees=nominal(fees.nominal, "fees") if fees else None,
        fees_apart=bool(fees and fees.on_gateway_invoice),
        differences=nominal(differences.nominal, "exchange_differences") if differences else None,
        given=nominal(given.nominal, "manual_credits") if given else None,
        foreign_vat=nominal(abroad.nominal, "eu_consumer_vat") if abroad else None,
    )


def _balances(
    settings: "BalanceSettings",
    methods: Register,
    accounts: Register,
    nominals: Register,
    resolver: Resolver,
) -> BalanceAccount:
    """A bank account and its nominal are one ledger account where they have one code."""
    key = "client_balances"
    account = resolver.one(accounts, settings.account, f"{key}.account")
    if settings.nominal:
        nominal = resolver.one(nominals, settings.nominal, f"{key}.nominal")
    elif account.id:
        nominal = resolver.one(nominals, Name(code=account.code), f"{key}.account")
    else:
        nominal = account  # the account itself is told as a problem already
    if account.id and nominal.id and account.code != nominal.code:
        resolver.problems.append(
            Problem(
                f"the bank account {account} and the nominal {nominal} are not the same ledger"
                " account: what is added to clients' balances would not be where it is used",
                remedy="leave nominal out, or name the nominal with the bank account's own code",
                key=f"target.{key}.nominal",
            )
        )
    return BalanceAccount(
        method=resolver.one(methods, settings.method, f"{key}.method"),
        account=account,
        nominal=nominal,
        vat=settings.vat,
    )
