"""Which of WHMCS's tables and columns bridge reads, and what a database has of them.

Source of the names: WHMCS class documentation, and the queries of open WHMCS modules.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.api import AccessError, UnreachableError
from whmcs_source.database.connection import DatabaseConnection, Snapshot
from whmcs_source.database.query_errors import COLUMN_DENIED, TABLE_DENIED, code_in


@dataclass(frozen=True, slots=True)
class TableLayout:
    """A table as bridge wants it.

    Attributes:
        columns: Without these it is of no use.
        extra: Read where they are: some exist in later versions only.
        loss: What cannot be done without the table; empty where nothing can.
    """

    columns: tuple[str, ...]
    extra: tuple[str, ...] = ()
    loss: str = ""


_PRODUCTS = "nominals cannot be mapped by product"

WANTED: Mapping[str, TableLayout] = {
    "tblinvoices": TableLayout(
        (
            "id",
            "userid",
            "invoicenum",
            "date",
            "duedate",
            "datepaid",
            "subtotal",
            "credit",
            "tax",
            "tax2",
            "total",
            "taxrate",
            "taxrate2",
            "status",
            "paymentmethod",
        ),
        ("date_refunded", "date_cancelled", "updated_at"),
    ),
    "tblinvoiceitems": TableLayout(
        ("id", "invoiceid", "type", "relid", "description", "amount", "taxed"),
    ),
    "tblaccounts": TableLayout(
        (
            "id",
            "userid",
            "gateway",
            "date",
            "description",
            "amountin",
            "fees",
            "amountout",
            "rate",
            "transid",
            "invoiceid",
            "refundid",
        ),
        ("billingnoteid", "type"),
    ),
    "tblclients": TableLayout(
        (
            "id",
            "firstname",
            "lastname",
            "companyname",
            "email",
            "address1",
            "address2",
            "city",
            "state",
            "postcode",
            "country",
            "phonenumber",
            "tax_id",
            "taxexempt",
            "currency",
            "credit",
        ),
    ),
    "tblcurrencies": TableLayout(("id", "code", "rate")),
    "tblcredit": TableLayout(("id", "clientid", "date", "description", "amount"), ("relid",)),
    "tblconfiguration": TableLayout(("setting", "value")),
    "tblhosting": TableLayout(("id", "userid", "packageid"), loss=_PRODUCTS),
    "tblproducts": TableLayout(("id", "gid", "name"), loss=_PRODUCTS),
    "tblproductgroups": TableLayout(("id", "name"), loss=_PRODUCTS),
    # `value` also holds the gateways' own keys: without it, gateways go by their system names.
    "tblpaymentgateways": TableLayout(
        ("gateway", "setting"), ("value", "order"), loss="gateways cannot be checked beforehand"
    ),
}
_GATEWAYS = "tblpaymentgateways"
PRODUCT_TABLES = ("tblhosting", "tblproducts", "tblproductgroups")

_QUICK = {
    ("tblinvoices", "userid"): "the invoices of a client",
    ("tblinvoiceitems", "invoiceid"): "the lines of an invoice",
    ("tblaccounts", "invoiceid"): "the transactions of an invoice",
    ("tblaccounts", "userid"): "the transactions of a client",
    ("tblcredit", "clientid"): "the movements of a client's balance",
}
"""What is looked up by other columns than the primary key. WHMCS's indexes are not documented."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a database has.

    Attributes:
        columns: By table, those that may be read, and whether each may be NULL.
        indexed: (table, column) pairs for which the column leads an index.
        missing: Tables and columns that are wanted and not there.
        denied: Tables and columns that bridge's user may not read.
        reader: That user as the server knows it, for GRANT statements.
        database: Its name.
    """

    columns: Mapping[str, Mapping[str, bool]]
    indexed: frozenset[tuple[str, str]]
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    denied: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reader: str = ""
    database: str = ""

    def has(self, table: str) -> bool:
        """Whether all that bridge needs of a table can be read."""
        return all(name in self.columns.get(table, {}) for name in WANTED[table].columns)

    def of(self, table: str) -> tuple[str, ...]:
        """The columns to read of a table, always in the same order."""
        wanted, there = WANTED[table], self.columns.get(table, {})
        return tuple(name for name in (*wanted.columns, *wanted.extra) if name in there)

    def verify(self) -> None:
        """Raise for what bridge cannot do without.

        Raises:
            AccessError: naming what may not be read, with the GRANT statements to run.
            UnreachableError: naming what is not there at all.
        """
        denied = [name for name in self.denied if not WANTED[name].loss]
        missing = [name for name in self.missing if not WANTED[name].loss]
        words = [self.shortage(name) for name in dict.fromkeys([*missing, *denied])]
        if denied:
            raise AccessError(
                f"bridge cannot read the database of WHMCS: {'; '.join(words)}",
                remedy=f"run as the database's administrator: {' '.join(self.grants(denied))}",
            )
        if missing:
            raise UnreachableError(
                f"{self.database or 'the database'} is not one of WHMCS 8 or later:"
                f" {'; '.join(words)}",
                remedy="check the name in source.database against $db_name in WHMCS's"
                " configuration.php",
            )

    def shortage(self, table: str) -> str:
        """What is lacking of a table that is not all there."""
        if table in self.denied:
            return f"{self._named(table, self.denied)} not readable"
        return f"{self._named(table, self.missing)} missing"

    def _named(self, table: str, what: Mapping[str, tuple[str, ...]]) -> str:
        names = what[table]
        return f"{table}.{', '.join(names)}" if names else table

    def grants(self, tables: Sequence[str]) -> list[str]:
        """Statements that let bridge's user read what it needs of these tables.

        No more than that, but for tables of which it cannot be seen which columns there are: none
        of these holds secrets.
        """
        return [
            f"GRANT SELECT{self._columns(table)} ON `{self.database}`.`{table}` TO {self.reader};"
            for table in tables
        ]

    def _columns(self, table: str) -> str:
        extra = () if table == _GATEWAYS else WANTED[table].extra
        if extra and table not in self.columns:
            return ""
        there = (*self.columns.get(table, {}), *self.denied.get(table, ()))
        wanted = (*WANTED[table].columns, *(name for name in extra if name in there))
        absent = self.missing.get(table, ())
        return f" ({', '.join(f'`{name}`' for name in wanted if name not in absent)})"

    def slow(self) -> Iterator[tuple[str, str, str]]:
        """(table, column, what is looked up by it) where no index helps."""
        for (table, column), what in _QUICK.items():
            if self.has(table) and (table, column) not in self.indexed:
                yield table, column, what


def read_layout(database: DatabaseConnection) -> Layout:
    """Ask the database what it has. What it does not show is asked for by name, to learn why."""
    names = ", ".join(f"'{name}'" for name in WANTED)
    with database.snapshot() as snapshot:
        columns: dict[str, dict[str, bool]] = defaultdict(dict)
        for table, column, nullable in _texts(snapshot, _COLUMNS.format(names=names)):
            columns[table][column] = nullable == "YES"
        indexed = frozenset(
            (table, column) for table, column in _texts(snapshot, _LEADING.format(names=names))
        )
        [(user, schema)] = _texts(snapshot, "SELECT CURRENT_USER(), DATABASE()")
    missing, denied = _absent(database, columns)
    name, _, host = user.rpartition("@")
    return Layout(columns, indexed, missing, denied, f"'{name}'@'{host}'", schema)


# Other privileges than SELECT show a column as well.
_COLUMNS = (
    "SELECT table_name, column_name, is_nullable FROM information_schema.columns"
    " WHERE table_schema = DATABASE() AND table_name IN ({names})"
    " AND FIND_IN_SET('select', privileges)"
)
_LEADING = (
    "SELECT DISTINCT table_name, column_name FROM information_schema.statistics"
    " WHERE table_schema = DATABASE() AND table_name IN ({names}) AND seq_in_index = 1"
)


def _texts(snapshot: Snapshot, statement: str) -> list[tuple[str, ...]]:
    return [
        tuple((value or b"").decode("utf-8", "replace") for value in row)
        for row in snapshot.rows(statement)
    ]


def _absent(
    database: DatabaseConnection, columns: Mapping[str, Mapping[str, bool]]
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    missing: dict[str, tuple[str, ...]] = {}
    denied: dict[str, tuple[str, ...]] = {}
    for table, wanted in WANTED.items():
        if table not in columns:
            code = _why(database, table, wanted.columns[0])
            (denied if code in (TABLE_DENIED, COLUMN_DENIED) else missing)[table] = ()
            continue
        extra = () if table == _GATEWAYS else wanted.extra
        absent = [name for name in (*wanted.columns, *extra) if name not in columns[table]]
        hidden = tuple(name for name in absent if _why(database, table, name) == COLUMN_DENIED)
        gone = tuple(name for name in absent if name not in hidden and name in wanted.columns)
        if hidden:
            denied[table] = hidden
        if gone:
            missing[table] = gone
    return missing, denied


def _why(database: DatabaseConnection, table: str, column: str) -> int:
    """The database's number for why a column cannot be read; 0 where it can after all."""
    try:
        with database.snapshot() as snapshot:
            snapshot.rows(f"SELECT `{column}` FROM `{table}` LIMIT 0")  # noqa: S608  # our own names
    except (AccessError, UnreachableError) as error:
        return code_in(error)
    return 0
