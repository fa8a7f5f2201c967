"""`check` names what is missing in the database, with the statement that puts it right."""

import contextlib
from collections.abc import Iterator

import pytest
from sqlalchemy import exc
from whmcs_source.database import connection
from whmcs_source.database.database_source import WhmcsDatabase
from whmcs_source.database.layout import WANTED
from whmcs_source.settings import settings_from

from bridge.api import AccessError, ConfigError, Level, TransientError, UnreachableError
from tests.whmcs_source.company import Company
from tests.whmcs_source.database.installation import INDEXES, Installation, installed

PASSWORD = "only-reads"


class Reader:
    """A user with some grants."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._name = f"part_{installation.name[-12:]}"

    def drop(self) -> None:
        with contextlib.suppress(exc.SQLAlchemyError):
            self._installation.run(f"DROP USER '{self._name}'@'%'")

    def grant(self, *tables: str) -> None:
        """Let it read these tables; ``table(column, column)`` for some columns only."""
        self.drop()
        self._installation.run(f"CREATE USER '{self._name}'@'%' IDENTIFIED BY '{PASSWORD}'")
        for table in tables:
            name, _, columns = table.partition("(")
            self._installation.run(
                f"GRANT SELECT {'(' + columns if columns else ''} ON"
                f" `{self._installation.name}`.`{name}` TO '{self._name}'@'%'"
            )

    def run(self, statement: str) -> None:
        self._installation.run(statement)

    def open(self) -> WhmcsDatabase:
        url = self._installation.url.set(username=self._name, password=PASSWORD)
        address = url.render_as_string(hide_password=False)
        return WhmcsDatabase(settings_from({"database": address}))


@pytest.fixture
def reader(installation: Installation) -> Iterator[Reader]:
    made = Reader(installation)
    yield made
    made.drop()


def test_all_is_well_with_all_there(tables: WhmcsDatabase, installation: Installation) -> None:
    """The server is named, as is what WHMCS says of itself."""
    health = tables.check()
    assert health.system == "WHMCS 8.13.1"
    assert {finding.level for finding in health.findings} == {Level.OK}
    said = " ".join(finding.what for finding in health.findings)
    assert installation.name in said
    assert "MariaDB" in said
    assert "TaxType is Exclusive" in said


def test_a_table_that_may_not_be_read_is_named_with_its_grant(
    reader: Reader, installation: Installation
) -> None:
    """All of them at once; the statement, run as it stands, puts it right."""
    reader.grant(*(name for name in WANTED if name not in ("tblaccounts", "tblcredit")))
    with reader.open() as source, pytest.raises(AccessError) as caught:
        source.check()
    assert "tblaccounts not readable; tblcredit not readable" in str(caught.value)
    statements = caught.value.remedy.partition(": ")[2].split(";")[:-1]
    assert [statement.split("`")[-2] for statement in statements] == ["tblaccounts", "tblcredit"]
    for statement in statements:
        reader.run(statement)
    with reader.open() as source:
        assert source.check().system == "WHMCS 8.13.1"


def test_a_column_that_may_not_be_read_is_named(reader: Reader) -> None:
    """Also one that bridge could do without if it did not exist: money might be misread."""
    most = ", ".join(name for name in WANTED["tblaccounts"].columns if name != "refundid")
    reader.grant(*(name for name in WANTED if name != "tblaccounts"), f"tblaccounts({most}, type)")
    with reader.open() as source, pytest.raises(AccessError) as caught:
        source.check()
    assert "tblaccounts.refundid, billingnoteid not readable" in str(caught.value)
    assert "`refundid`" in caught.value.remedy


def test_a_table_that_bridge_can_do_without_is_a_warning(reader: Reader, company: Company) -> None:
    """Gateways go by their system names where their settings, which hold keys, are not granted."""
    left_out = ("tblhosting", "tblpaymentgateways")
    reader.grant(
        *(name for name in WANTED if name not in left_out), "tblpaymentgateways(gateway, setting)"
    )
    with reader.open() as source:
        [warning] = [row for row in source.check().findings if row.level is not Level.OK]
        assert warning.subject == "table tblhosting"
        assert "product" in warning.what
        assert "GRANT SELECT (`id`, `userid`, `packageid`) ON" in warning.remedy
        gateways = source.survey().gateways
    assert gateways
    assert all(name == system for system, name in gateways.items())


def test_tables_and_columns_that_do_not_exist_are_named() -> None:
    with installed(lacking=["tblcredit", "tblaccounts.refundid"]) as made, made.open() as source:
        with pytest.raises(UnreachableError) as caught:
            source.check()
        assert "tblaccounts.refundid missing; tblcredit missing" in str(caught.value)
        assert "configuration.php" in caught.value.remedy


def test_columns_of_later_versions_may_be_missing(company: Company) -> None:
    """WHMCS 8 has no billing notes; older ones had no times of change."""
    lacking = ["tblaccounts.billingnoteid", "tblaccounts.type", "tblinvoices.updated_at"]
    with installed() as made:
        made.fill(company.box)
        made.run(
            *(
                f"ALTER TABLE {table} DROP COLUMN `{column}`"
                for table, column in (name.split(".") for name in lacking)
            )
        )
        with made.open() as source:
            assert {row.level for row in source.check().findings} == {Level.OK}
            assert next(iter(source.survey().gateways))


def test_an_index_that_is_missing_is_a_warning(company: Company) -> None:
    """With the statement that makes it."""
    with installed(indexes=False) as made:
        made.fill(company.box)
        with made.open() as source:
            warnings = [row for row in source.check().findings if row.level is Level.WARNING]
            assert len(warnings) == len(INDEXES)
            made.run(*(row.remedy.partition(": ")[2].rstrip(";") for row in warnings))
        with made.open() as source:
            assert {row.level for row in source.check().findings} == {Level.OK}


def test_an_old_whmcs_is_refused(installation: Installation) -> None:
    installation.run(
        "UPDATE tblconfiguration SET value = '7.10.2-release.1' WHERE setting = 'Version'"
    )
    with installation.open() as source, pytest.raises(UnreachableError, match=r"7\.10\.2 is older"):
        source.check()


def test_another_database_is_no_whmcs(installation: Installation) -> None:
    url = installation.url.set(database="information_schema")
    address = url.render_as_string(hide_password=False)
    with (
        WhmcsDatabase(settings_from({"database": address})) as source,
        pytest.raises(UnreachableError, match="not one of WHMCS"),
    ):
        source.check()


def test_an_answer_that_does_not_come_is_transient(installation: Installation) -> None:
    with installation.open(timeout_s=1) as source:
        source.check()
        database = connection.DatabaseConnection(
            installation.url.render_as_string(hide_password=False), timeout_s=1
        )
        with (
            pytest.raises(TransientError, match="timed out") as caught,
            database.snapshot() as snapshot,
        ):
            snapshot.rows("SELECT SLEEP(5)")
        database.close()
        assert "timeout_s" in caught.value.remedy


def test_nothing_can_be_written_by_accident(installation: Installation) -> None:
    """The transaction itself forbids it, whatever the user may do."""
    database = connection.DatabaseConnection(
        installation.url.render_as_string(hide_password=False), timeout_s=5
    )
    with pytest.raises(TransientError, match="READ ONLY"), database.snapshot() as snapshot:
        snapshot.rows("DELETE FROM tblinvoices")
    database.close()
    assert installation.ask("SELECT COUNT(*) FROM tblinvoices")[0][0] > 100


def test_a_missing_driver_is_told_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the time of opening, not at the first question."""
    monkeypatch.setattr(connection, "find_spec", lambda name: None)
    with pytest.raises(ConfigError) as caught:
        WhmcsDatabase(settings_from({"database": "mysql://reader@127.0.0.1/whmcs"}))
    assert caught.value.remedy == "type: pip install 'bridge-accounts[mysql]'"
    assert caught.value.problems[0].key == "source.database"
