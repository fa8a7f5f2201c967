"""Settings and live reference data together: all that translation needs."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from bridge.api import Hold, Reason
from kashflow_target.account.ledger import Ledger
from kashflow_target.account.reference_data import (
    AccountData,
    Currency,
    GatewayAccount,
    Mapped,
    Nominals,
)
from kashflow_target.settings.names import AccountItem
from kashflow_target.vat.countries import CountryClass
from kashflow_target.vat.rules import VatNumber, VatRow, VatTable
from kashflow_target.vat.uk import uk_table

if TYPE_CHECKING:
    from kashflow_target.settings.sections import VatRowSettings
    from kashflow_target.settings.settings import KashFlowSettings


@dataclass(frozen=True, slots=True)
class ResolvedAccount:
    """One run's view of the account.

    Attributes:
        home: ISO 4217.
        tills: By gateway; None where a bank feed brings the payments.
        source_rate: Whether a foreign document takes the source's own exchange rate.
        payments_at_home: Whether payments on foreign invoices are in home currency.
        chart: Sales types and nominals.
        ledger: Where money goes that is no payment through a gateway.
        accounts_by_code: Whether a bank transaction names its account by code instead of id.
        reference_field: The customer's text field that holds our key.
    """

    home: str
    currencies: Mapping[str, Currency]
    gateways: Mapping[str, GatewayAccount | None]
    nominals: Nominals
    vat: VatTable
    methods: tuple[AccountItem, ...]
    accounts: tuple[AccountItem, ...]
    chart: tuple[AccountItem, ...]
    source_rate: bool
    payments_at_home: bool
    ledger: Ledger
    accounts_by_code: bool
    reference_field: str

    def own_accounts(self) -> tuple[AccountItem, ...]:
        """The bank accounts that bridge writes to, each once."""
        found = [
            account
            for mapped in self.gateways.values()
            if mapped is not None
            for account in (mapped.account, *mapped.by_currency.values())
        ]
        if self.ledger.balances:
            found.append(self.ledger.balances.account)
        return tuple(dict.fromkeys(found))

    def setting_of(self, account: AccountItem, nominal: int) -> str:
        """The setting by which bridge books bank transactions of this account and nominal, if any.

        Client balances are one ledger account, so whatever moves it counts; fees and exchange
        differences may be anybody's elsewhere, so only those on an account of bridge's count.
        """
        ledger = self.ledger
        balances = ledger.balances
        if balances and (account == balances.account or nominal == balances.nominal.id):
            return "client_balances"
        if account not in self.own_accounts():
            return ""
        if ledger.fees and nominal == ledger.fees.id:
            return "fees"
        if ledger.differences and nominal == ledger.differences.id:
            return "exchange_differences"
        return ""

    def currency(self, code: str) -> Currency | Hold:
        """The account's currency with this code."""
        found = self.currencies.get(code)
        if found is None:
            return Hold(
                Reason.CURRENCY_UNKNOWN,
                f"it is in {code}, and the KashFlow account has"
                f" {', '.join(sorted(self.currencies))}",
                f"add {code} in KashFlow under Settings, Currencies",
            )
        return found


def resolved_account(
    settings: "KashFlowSettings", account: AccountData, mapped: Mapped
) -> ResolvedAccount:
    """Put settings and account together."""
    rows, abroad = settings.vat_rules, settings.eu_consumer_vat
    return ResolvedAccount(
        home=account.home,
        currencies=account.currencies,
        gateways=mapped.gateways,
        nominals=mapped.nominals,
        vat=VatTable(
            name="uk" if rows is None else "of your own",
            rows=uk_table(abroad.kashflow if abroad else None)
            if rows is None
            else tuple(_row(row) for row in rows),
            account_rates=account.vat_rates,
            registered=account.vat_registered,
        ),
        methods=account.methods.entries,
        accounts=account.accounts.entries,
        chart=account.nominals.entries,
        source_rate=settings.invoice_rate == "source",
        payments_at_home=settings.foreign_payments == "home",
        ledger=mapped.ledger,
        accounts_by_code=settings.bank_account_by == "code",
        reference_field=settings.customers.reference_field,
    )


def _row(row: "VatRowSettings") -> VatRow:
    return VatRow(
        name=row.name,
        classes=frozenset({CountryClass(row.country_class)} if row.country_class else ()),
        countries=frozenset(row.country),
        vat_number=VatNumber(row.vat_number),
        exempt=row.exempt,
        line_types=frozenset(row.line_types),
        charged=row.rate,
        first=row.first_day or dt.date.min,
        last=row.last_day or dt.date.max,
        rate=Decimal(row.kashflow),
        foreign=row.foreign_vat,
    )
