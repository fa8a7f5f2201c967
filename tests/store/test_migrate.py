"""The schema: what the models say, what the migrations make, and how one becomes the other."""

import datetime as dt
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Text, inspect, text
from sqlalchemy.dialects.mysql import MEDIUMTEXT

from bridge.api import EntryState, invoice_ref
from bridge.errors import LockHeldError, StoreError, UsageError
from bridge.store import migrations
from bridge.store.db.connection import Database
from bridge.store.db.url import read_address
from bridge.store.migrate import make
from bridge.store.overlay import open_overlay
from bridge.store.tables import schema
from tests.store.builders import Place, begin, book, finish, header, line_of, python

NEXT = '''
"""A revision of a later version."""
import sqlalchemy as sa
from alembic import op
revision = "0004"
down_revision = "0003"
def upgrade():
    op.add_column("bridge_cursor", sa.Column("note", sa.Text()))
'''

UPGRADED = """
import sys, time
from pathlib import Path
from alembic.script import ScriptDirectory
from bridge.store import migrations, open_log
from bridge.store.tables import schema
url, name, base, versions, go = sys.argv[1:]
if versions:
    home = Path(migrations.__file__).parent
    directory = ScriptDirectory(str(home), version_locations=[str(home / "versions"), versions])
    migrations.scripts = lambda: directory
    schema.REVISION = schema.READABLE = "0004"
log = open_log(url, name, base=Path(base))
print("ready", flush=True)
while not Path(go).exists():
    time.sleep(0.001)
log.migrate()
run = log.start_run("sync", version="2", settings_digest="")
print("migrated", flush=True)
log.close()
"""


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This process becomes a later version of bridge, with one more revision."""
    versions = tmp_path / "later"
    versions.mkdir()
    (versions / "revision_0004.py").write_text(NEXT)
    home = Path(migrations.__file__).parent
    locations = [str(home / "versions"), str(versions)]
    directory = ScriptDirectory(str(home), version_locations=locations)
    monkeypatch.setattr(migrations, "scripts", lambda: directory)
    monkeypatch.setattr(schema, "REVISION", "0004")
    monkeypatch.setattr(schema, "READABLE", "0004")
    return versions


def look(place: Place, question: Any) -> Any:
    """Ask the database itself."""
    database = Database(read_address(place.url, base=place.base))
    try:
        with database.read() as connection:
            return question(connection)
    finally:
        database.close()


def change(place: Place, *statements: str) -> None:
    """Do something to the database behind bridge's back."""
    database = Database(read_address(place.url, base=place.base))
    try:
        with database.session() as connection:
            for statement in statements:
                connection.execute(text(statement))
            connection.commit()
    finally:
        database.close()


def revision(place: Place) -> str:
    answer = look(place, lambda c: c.execute(text("SELECT version_num FROM bridge_version")).all())
    ((found,),) = answer
    return str(found)


def made_by_first_version(place: Place, monkeypatch: pytest.MonkeyPatch | None = None) -> None:
    log = place.open()
    log.migrate()
    run = begin(log)
    log.see(run, [header(501)], "page 1")
    book(log, run, 501)
    log.close()


def test_the_last_revision_is_the_one_that_the_code_uses() -> None:
    assert migrations.scripts().get_heads() == [schema.REVISION]


def migrated_from_nothing(place: Place) -> None:
    """A log as every migration in turn makes it."""
    log = place.open()
    log.migrate()
    log.close()
    tables = [f"DROP TABLE {name}" for name in schema.metadata.tables]
    change(place, *tables)
    database = Database(read_address(place.url, base=place.base))
    with database.session() as connection:
        migrations.upgrade(connection)
        connection.commit()
    database.close()


DEFINED = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL",
    "postgresql": """
        SELECT table_name || '.' || column_name, column_name, data_type, is_nullable,
         character_maximum_length, collation_name, column_default
        FROM information_schema.columns WHERE table_schema = current_schema()
        UNION ALL SELECT indexname, indexdef, '', '', 0, '', '' FROM pg_indexes
        WHERE schemaname = current_schema()""",
    "mysql": """
        SELECT CONCAT(table_name, '.', column_name), ordinal_position, column_type, is_nullable,
         collation_name, column_default, extra
        FROM information_schema.columns WHERE table_schema = database()
        UNION ALL SELECT CONCAT(table_name, '.', index_name), seq_in_index, column_name, non_unique,
         collation, index_type, '' FROM information_schema.statistics
        WHERE table_schema = database()""",
}


def definitions(place: Place) -> set[tuple[Any, ...]]:
    """All that the database says of its tables and indexes, but for Alembic's own."""
    family = place.url.partition(":")[0].partition("+")[0].replace("mariadb", "mysql")
    rows = look(place, lambda c: c.execute(text(DEFINED[family])).all())
    return {tuple(row) for row in rows if not str(row[0]).startswith("bridge_version")}


def test_a_new_log_is_made_as_the_migrations_would_make_it(fresh_place: Place) -> None:
    log = fresh_place.open()
    log.migrate()
    log.close()
    made = definitions(fresh_place)
    assert len(made) > 20
    migrated_from_nothing(fresh_place)
    assert definitions(fresh_place) == made
    assert revision(fresh_place) == schema.REVISION


def test_migrations_make_what_the_models_say(fresh_place: Place) -> None:
    migrated_from_nothing(fresh_place)

    def same_text(*types: Any) -> bool | None:
        """MariaDB knows a text of this length by another name; None leaves it to Alembic."""
        _context, _inspected, _column, there, wanted = types
        if isinstance(there, MEDIUMTEXT) and isinstance(wanted, Text):
            return False
        return None

    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection, opts={"version_table": schema.VERSION_TABLE, "compare_type": same_text}
        )
        return list(compare_metadata(context, schema.metadata))

    # The version table is Alembic's own, so it does not compare it.
    found = [
        change for change in look(fresh_place, differences) if "bridge_version" not in repr(change)
    ]
    assert found == []


def test_every_index_of_the_models_is_made(fresh_place: Place) -> None:
    """Alembic compares no partial indexes."""
    migrated_from_nothing(fresh_place)
    for table in schema.metadata.tables.values():
        there = {
            (index["name"], tuple(index["column_names"]), bool(index["unique"]))
            for index in look(fresh_place, lambda c, t=table: inspect(c).get_indexes(t.name))
        }
        wanted = {
            (index.name, tuple(column.name for column in index.columns), bool(index.unique))
            for index in table.indexes
        }
        assert wanted <= there


def test_the_first_write_makes_the_log_and_the_second_changes_nothing(fresh_place: Place) -> None:
    log = fresh_place.open()
    log.migrate()
    run = begin(log)
    log.migrate()
    log.close()
    again = fresh_place.open()
    again.migrate()
    assert [row.id for row in again.runs(5)] == [run.id]
    again.close()


def test_alembic_stays_out_of_a_new_log_and_of_one_that_is_as_it_should_be(
    fresh_place: Place,
) -> None:
    code = """
import sys
from pathlib import Path
from bridge.store import open_log
assert "sqlalchemy" not in sys.modules
log = open_log(sys.argv[1], sys.argv[2], base=Path(sys.argv[3]))
log.migrate()
log.cursor("scan")
print("alembic" in sys.modules, "sqlalchemy.orm" in sys.modules, flush=True)
log.close()
"""
    for answer in ("False False", "False False"):
        process = python(code, fresh_place.url, fresh_place.name, str(fresh_place.base))
        assert line_of(process) == answer
        assert finish(process) == 0


def test_an_older_log_is_brought_up_and_keeps_what_is_in_it(
    fresh_place: Place, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    made_by_first_version(fresh_place)
    request.getfixturevalue("later")
    log = fresh_place.open()
    log.migrate()
    assert log.cursor("scan") == "page 1"
    entry = log.entry(invoice_ref(501))
    assert entry is not None
    assert entry.state is EntryState.DONE
    log.close()
    assert revision(fresh_place) == "0004"
    columns = look(
        fresh_place, lambda c: [x["name"] for x in inspect(c).get_columns("bridge_cursor")]
    )
    assert "note" in columns


def test_a_sqlite_file_is_copied_before_it_is_changed(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    place = Place("sqlite:///log.db", "books", tmp_path)
    made_by_first_version(place)
    (tmp_path / "log.db").chmod(0o600)
    request.getfixturevalue("later")
    log = place.open()
    log.migrate()
    log.close()
    copy = tmp_path / "log.db.before-0004"
    assert copy.stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT version_num FROM bridge_version").fetchall() == [
            ("0003",)
        ]
        assert connection.execute("SELECT count(*) FROM bridge_link").fetchone() == (1,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert not copy.with_name("log.db.before-0004.part").exists()


def test_a_new_sqlite_file_is_not_copied(tmp_path: Path) -> None:
    log = Place("sqlite:///log.db", "books", tmp_path).open()
    log.migrate()
    log.close()
    assert [file.name for file in tmp_path.iterdir()] == ["log.db"]


@pytest.mark.parametrize("versions", ["", "later"])
def test_processes_that_migrate_at_once_migrate_once(
    fresh_place: Place, versions: str, request: pytest.FixtureRequest
) -> None:
    if versions:
        made_by_first_version(fresh_place)
        versions = str(request.getfixturevalue("later"))
    go = fresh_place.base / "go"
    arguments = (fresh_place.url, fresh_place.name, str(fresh_place.base), versions, str(go))
    processes = [python(UPGRADED, *arguments) for _ in range(3)]
    for process in processes:
        assert line_of(process) == "ready"
    go.touch()
    assert [line_of(process) for process in processes] == ["migrated"] * 3
    assert [finish(process) for process in processes] == [0, 0, 0]
    assert revision(fresh_place) == ("0004" if versions else "0003")


def test_no_migration_while_a_run_of_an_older_version_is_at_work(
    fresh_place: Place, request: pytest.FixtureRequest
) -> None:
    """Of any bridge in that database: its tables would change under its hands."""
    made_by_first_version(fresh_place)
    other = Place(fresh_place.url, "another", fresh_place.base).open()
    with other.lock(lease_s=30, command="sync --all"):
        request.getfixturevalue("later")
        log = fresh_place.open()
        with pytest.raises(LockHeldError, match="bridge 'another'"):
            log.migrate()
        assert revision(fresh_place) == "0003"
    log.migrate()
    assert revision(fresh_place) == "0004"
    other.close()
    log.close()


def test_a_run_that_opened_before_a_migration_does_not_get_the_lock_after_it(
    fresh_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_by_first_version(fresh_place)
    log = fresh_place.open()
    assert log.cursor("scan") == "page 1"
    change(fresh_place, "UPDATE bridge_version SET version_num = '0004'")
    with pytest.raises(StoreError, match="newer version"), log.lock(lease_s=1, command="sync"):
        pass
    log.close()


def test_a_newer_log_is_refused_and_left_alone(fresh_place: Place) -> None:
    made_by_first_version(fresh_place)
    change(fresh_place, "UPDATE bridge_version SET version_num = '0999'")
    log = fresh_place.open()
    with pytest.raises(StoreError, match=r"newer version of bridge \(schema 0999") as caught:
        log.migrate()
    assert "Upgrade bridge" in caught.value.remedy
    with pytest.raises(StoreError, match="newer version"):
        log.cursor("scan")
    log.close()
    with pytest.raises(StoreError, match="newer version"):
        fresh_place.open(create=False)
    assert revision(fresh_place) == "0999"


def test_an_older_log_is_not_read_before_it_is_brought_up(
    fresh_place: Place, request: pytest.FixtureRequest
) -> None:
    made_by_first_version(fresh_place)
    request.getfixturevalue("later")
    with pytest.raises(StoreError, match="older version of bridge") as caught:
        fresh_place.open(create=False)
    assert "bridge sync" in caught.value.remedy
    assert revision(fresh_place) == "0003"


def test_a_first_migration_that_was_killed_half_way_is_finished(fresh_place: Place) -> None:
    """MariaDB keeps each table and index that was made; the others keep nothing."""
    log = fresh_place.open()
    log.migrate()
    log.close()
    change(
        fresh_place,
        "DROP TABLE bridge_version",
        "DROP TABLE bridge_event",
        "DROP INDEX bridge_link_target"
        + (" ON bridge_link" if fresh_place.url.startswith(("mysql", "mariadb")) else ""),
    )
    log = fresh_place.open()
    log.migrate()
    run = begin(log)
    log.see(run, [header(501)], None)
    book(log, run, 501)
    log.close()
    names = look(fresh_place, lambda c: {x["name"] for x in inspect(c).get_indexes("bridge_link")})
    assert "bridge_link_target" in names


def test_tables_of_another_form_are_left_to_the_migrations(fresh_place: Place) -> None:
    """MariaDB keeps what a first migration of an older version had made when it was killed."""
    log = fresh_place.open()
    log.migrate()
    log.close()
    change(fresh_place, "DROP TABLE bridge_version", "ALTER TABLE bridge_run DROP COLUMN host")
    database = Database(read_address(fresh_place.url, base=fresh_place.base))
    with database.session() as connection:
        assert not make(connection)
        assert "bridge_version" not in inspect(connection).get_table_names()
    database.close()


def test_a_migration_that_fails_leaves_the_log_as_it_was(
    tmp_path: Path, later: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place("sqlite:///log.db", "books", tmp_path)
    monkeypatch.setattr(schema, "REVISION", "0003")
    monkeypatch.setattr(schema, "READABLE", "0003")
    older = ScriptDirectory(str(Path(migrations.__file__).parent))
    newer = migrations.scripts()
    monkeypatch.setattr(migrations, "scripts", lambda: older)
    made_by_first_version(place)
    monkeypatch.setattr(migrations, "scripts", lambda: newer)
    monkeypatch.setattr(schema, "REVISION", "0004")
    module = newer.get_revision("0004").module
    monkeypatch.setattr(module, "upgrade", lambda: _add_then_fail(module.op))
    log = place.open()
    with pytest.raises(StoreError, match="no such table: nowhere"):
        log.migrate()
    log.close()
    assert revision(place) == "0003"
    columns = look(place, lambda c: [x["name"] for x in inspect(c).get_columns("bridge_cursor")])
    assert "note" not in columns


def _add_then_fail(op: Any) -> None:
    op.execute("ALTER TABLE bridge_cursor ADD COLUMN note TEXT")
    op.execute("INSERT INTO nowhere VALUES (1)")


def test_the_migrations_ship_with_the_package() -> None:
    home = Path(sys.modules["bridge.store"].__path__[0]) / "migrations" / "versions"
    assert (home / "revision_0002.py").is_file()


# What version 0.1.0 left: answers are events, as its `bridge answer` wrote them.

ROSE = '"who":"rose@office","because":'
ANSWERS_OF_0_1 = (
    (
        "books",
        "501",
        '{"answer":"one-charge","about":["71","72"],'
        + ROSE
        + '"S. 3: \u201eeine\u201c","day":"2026-04-30"}',
    ),
    (
        "shop",
        "501",
        '{"answer":"not-supplied","about":[],"who":"ann@shop","because":"no","day":"2026-05-01"}',
    ),
    (
        "books",
        "502",
        '{"answer":"book-added","about":["9"],' + ROSE + '"clause 7","day":"2026-05-02"}',
    ),
    (
        "books",
        "501",
        '{"answer":"two-charges","about":["72"],' + ROSE + '"both","day":"2026-05-03"}',
    ),
)


def made_by_0_1(place: Place) -> None:
    """A log in the form of version 0.1.0, with answers and other events in it."""
    database = Database(read_address(place.url, base=place.base))
    with database.session() as connection:
        migrations.upgrade(connection)
        connection.execute(text("DROP TABLE bridge_answer"))
        connection.execute(text("UPDATE bridge_version SET version_num = '0002'"))
        for at, (bridge, invoice, data) in enumerate(ANSWERS_OF_0_1):
            for code in ("seen", "answer"):
                connection.execute(
                    text(
                        "INSERT INTO bridge_event (bridge, at, run, level, code, message, invoice,"
                        " data) VALUES (:bridge, :at, 3, 'info', :code, 'told', :invoice, :data)"
                    ),
                    {"bridge": bridge, "at": at, "code": code, "invoice": invoice, "data": data},
                )
        connection.commit()
    database.close()


def answers(place: Place, name: str, invoice: int) -> list[tuple[object, ...]]:
    log = Place(place.url, name, place.base).open()
    rows = log.answers(invoice_ref(invoice))
    log.close()
    return [(row.answer, row.about, row.because, f"{row.day}", row.run) for row in rows]


def test_answers_that_0_1_kept_as_events_are_carried_over(fresh_place: Place) -> None:
    made_by_0_1(fresh_place)
    log = fresh_place.open()
    before = list(log.events())
    log.migrate()
    assert list(log.events()) == before
    log.close()
    assert answers(fresh_place, "books", 501) == [
        ("one-charge", ("71", "72"), "S. 3: \u201eeine\u201c", "2026-04-30", 3),
        ("two-charges", ("72",), "both", "2026-05-03", 3),
    ]
    assert answers(fresh_place, "books", 502) == [
        ("book-added", ("9",), "clause 7", "2026-05-02", 3)
    ]
    assert answers(fresh_place, "shop", 501) == [("not-supplied", (), "no", "2026-05-01", 3)]
    log = fresh_place.open()
    first = log.answers(invoice_ref(501))[0]
    assert (first.who, first.at) == ("rose@office", dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
    log.close()


def test_answers_are_carried_over_once_when_that_was_killed_half_way(fresh_place: Place) -> None:
    """MariaDB keeps the table, and a commit of rows before the version is possible anywhere."""
    made_by_0_1(fresh_place)
    log = fresh_place.open()
    log.migrate()
    log.close()
    change(fresh_place, "UPDATE bridge_version SET version_num = '0002'")
    log = fresh_place.open()
    log.migrate()
    log.close()
    assert len(answers(fresh_place, "books", 501)) == 2


def test_a_log_of_0_1_is_read_and_rehearsed_with_before_it_is_brought_up(
    fresh_place: Place,
) -> None:
    made_by_0_1(fresh_place)
    log = fresh_place.open(create=False)
    assert len(list(log.events())) == 6  # those of this bridge
    overlay = open_overlay(fresh_place.url, fresh_place.name, base=fresh_place.base)
    words = [row.answer for row in overlay.answers(invoice_ref(501))]
    assert words == ["one-charge", "two-charges"]
    overlay.close()
    with pytest.raises(StoreError, match="older version"), log.lock(lease_s=1, command="sync"):
        pass
    log.close()
    assert revision(fresh_place) == "0002"


def test_a_log_from_before_0_1_is_sent_through_it(fresh_place: Place) -> None:
    made_by_0_1(fresh_place)
    change(fresh_place, "UPDATE bridge_version SET version_num = '0001'")
    told = r"schema 0001, from before version 0\.1\.0"
    log = fresh_place.open()
    with pytest.raises(UsageError, match=told) as caught:
        log.migrate()
    log.close()
    assert "commit f420972" in caught.value.remedy
    assert caught.value.exit_code == 2
    with pytest.raises(UsageError, match=told):
        fresh_place.open(create=False)
    assert revision(fresh_place) == "0001"
