"""What the KashFlow account has: read once a run, and the settings' names resolved against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from bridge.api import ConfigError, Problem, minor_digits
from kashflow_target.account.ledger import Ledger, resolve_ledger
from kashflow_target.settings.names import AccountItem, Name, Register, Resolver
from kashflow_target.soap.client import KashFlowClient
from kashflow_target.soap.replies import Row

if TYPE_CHECKING:
    from kashflow_target.settings.sections import GatewaySettings
    from kashflow_target.settings.settings import KashFlowSettings


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency that was set up in the account.

    Attributes:
        rate: Units of it for one unit of home currency, as KashFlow stores it.
    """

    id: int
    code: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class AccountData:
    """Reference data of one account.

    Attributes:
        home: ISO 4217 of its own currency.
        currencies: By ISO 4217 code.
        vat_rates: Percent.
    """

    home: str
    currencies: Mapping[str, Currency]
    methods: Register
    accounts: Register
    nominals: Register
    vat_rates: frozenset[Decimal]
    vat_registered: bool

    def currency_code(self, currency_id: int) -> str:
        """The code of a customer's currency; 0 and unknown ids are the home currency."""
        codes = [each.code for each in self.currencies.values() if each.id == currency_id]
        return codes[0] if codes else self.home


@dataclass(frozen=True, slots=True)
class GatewayAccount:
    """Where one gateway's payments go.

    Attributes:
        method: Payment method.
        account: Bank account, and others by currency.
        rule: The setting, for `bridge explain`.
    """

    method: AccountItem
    account: AccountItem
    by_currency: Mapping[str, AccountItem]
    rule: str

    def account_for(self, currency: str) -> tuple[AccountItem, str]:
        """The account of money in this currency, and the setting that says so."""
        if currency in self.by_currency:
            return self.by_currency[currency], f"{self.rule}.currencies.{currency}"
        return self.account, self.rule


@dataclass(frozen=True, slots=True)
class Nominals:
    """Where lines are booked. Keys of `products` and `groups` are case-folded."""

    default: AccountItem
    types: Mapping[str, AccountItem]
    products: Mapping[str, AccountItem]
    groups: Mapping[str, AccountItem]
    discounts: AccountItem | None


@dataclass(frozen=True, slots=True)
class Mapped:
    """The settings' names, resolved. A gateway that a bank feed brings is None in `gateways`."""

    gateways: Mapping[str, GatewayAccount | None]
    nominals: Nominals
    ledger: Ledger


def read_account(kashflow: KashFlowClient) -> AccountData:
    """Seven calls, all of them reads.

    Raises:
        ConfigError: the account names no home currency.
        TransientError, AccessError, UnreachableError: as `KashFlowClient.read`.
    """
    rows = kashflow.read("GetCurrencies").items
    currencies = {currency.code: currency for currency in map(_currency, rows)}
    home = [_currency(row).code for row in rows if row.whole("isDefault") == 1]
    if len(home) != 1:
        raise ConfigError(
            [
                Problem(
                    f"KashFlow marks {len(home)} currencies as the account's own",
                    remedy="set one default currency in KashFlow under Settings, Currencies",
                    key="target",
                )
            ]
        )
    return AccountData(
        home=home[0],
        currencies=currencies,
        methods=_register(kashflow, "GetInvPayMethods", "payment method", "MethodID", "MethodName"),
        accounts=_register(
            kashflow, "GetBankAccounts", "bank account", "AccountID", "AccountName", "AccountCode"
        ),
        nominals=_nominals(kashflow),
        vat_rates=frozenset(row.decimal("Value") for row in kashflow.read("GetVATRates").items),
        vat_registered=kashflow.read("isUserVATRegistered").result.lower() == "true",
    )


def _currency(row: Row) -> Currency:
    return Currency(
        row.whole("CurrencyId"),
        row.text("CurrencyCode").strip().upper(),
        row.decimal("ExchangeRate"),
    )


def _register(
    kashflow: KashFlowClient,
    operation: str,
    kind: str,
    id_field: str,
    name_field: str,
    code_field: str = "",
) -> Register:
    rows = kashflow.read(operation).items
    return Register(kind, tuple(_known(row, id_field, name_field, code_field) for row in rows))


def _known(row: Row, id_field: str, name_field: str, code_field: str = "") -> AccountItem:
    code = row.whole(code_field) if code_field else None
    return AccountItem(row.whole(id_field), " ".join(row.text(name_field).split()), code)


def _nominals(kashflow: KashFlowClient) -> Register:
    """Sales types (GetProducts) and the chart of accounts, by id; archived ones left out.

    ChargeType takes the id of either (KashFlow manual, InvoiceLine), and both lists use the same
    ids.
    """
    known = {
        each.id: each
        for each in (
            _known(row, "ProductID", "ProductName", "ProductCode")
            for row in kashflow.read("GetProducts").items
        )
    }
    for row in kashflow.read("GetNominalCodesExtended").items:
        if not row.flag("Archived"):
            nominal = _known(row, "id", "Name", "Code")
            known.setdefault(nominal.id, nominal)
    return Register("sales type or nominal", tuple(known.values()))


def resolve(settings: "KashFlowSettings", account: AccountData) -> Mapped:
    """Find every name of the settings in the account.

    Raises:
        ConfigError: listing every name that is not there, with the nearest that are.
    """
    resolver = Resolver()
    gateways = {
        gateway: None
        if mapping.bank_feed
        else _gateway_account(resolver, account, gateway, mapping)
        for gateway, mapping in settings.gateways.items()
    }
    wanted = settings.nominals
    register = account.nominals
    nominals = Nominals(
        default=resolver.one(register, wanted.default, "nominals.default"),
        types=resolver.many(register, wanted.types, "nominals.types"),
        products=_folded(resolver.many(register, wanted.products, "nominals.products")),
        groups=_folded(resolver.many(register, wanted.groups, "nominals.groups")),
        discounts=resolver.one(register, wanted.discounts, "nominals.discounts")
        if wanted.discounts
        else None,
    )
    ledger = resolve_ledger(settings, account.methods, account.accounts, register, resolver)
    _foreign_vat_alone(ledger, nominals, resolver)
    if resolver.problems:
        raise ConfigError(resolver.problems)
    return Mapped(gateways, nominals, ledger)


def _foreign_vat_alone(ledger: Ledger, nominals: Nominals, resolver: Resolver) -> None:
    """A line on the nominal of foreign VAT is read back as tax, so no sale may take it."""
    found = ledger.foreign_vat
    groups = (nominals.types, nominals.products, nominals.groups)
    sales = [nominals.default, nominals.discounts, *(k for group in groups for k in group.values())]
    if found is not None and found.id and found in sales:
        resolver.problems.append(
            Problem(
                f"{found} is the nominal of sales as well, and foreign VAT is none of them",
                remedy="name a liability that nothing else uses; add one in KashFlow if need be",
                key="target.eu_consumer_vat.nominal",
            )
        )


def _gateway_account(
    resolver: Resolver, account: AccountData, gateway: str, mapping: "GatewaySettings"
) -> GatewayAccount:
    key = f"gateways.{gateway}"
    for code in mapping.currencies:
        if code not in account.currencies:
            resolver.problems.append(_no_currency(code, f"target.{key}.currencies.{code}"))
    return GatewayAccount(
        method=resolver.one(account.methods, mapping.method or Name(), f"{key}.method"),
        account=resolver.one(account.accounts, mapping.account or Name(), f"{key}.account"),
        by_currency=resolver.many(account.accounts, mapping.currencies, f"{key}.currencies"),
        rule=key,
    )


def _no_currency(code: str, key: str) -> Problem:
    return Problem(
        f"KashFlow has no currency {code}",
        remedy=f"add {code} in KashFlow under Settings, Currencies, or leave it out here",
        key=key,
    )


def _folded(names: Mapping[str, AccountItem]) -> dict[str, AccountItem]:
    return {name.casefold(): known for name, known in names.items()}


def is_currency(code: str) -> bool:
    """Whether ISO 4217 has `code`, so that an amount of it can be read."""
    try:
        minor_digits(code)
    except ValueError:
        return False
    return True
