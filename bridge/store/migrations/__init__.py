"""The schema's history. Imported only when there is something to migrate: it loads Alembic."""

from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bridge.store.tables import schema


def scripts() -> ScriptDirectory:
    """All revisions."""
    return ScriptDirectory(str(Path(__file__).parent))


def upgrade(connection: Connection) -> None:
    """Run each revision that this database has not had, in order. The caller commits."""
    context = MigrationContext.configure(
        connection, opts={"version_table": schema.VERSION_TABLE, "transactional_ddl": False}
    )
    directory = scripts()
    pending = list(directory.iterate_revisions("head", context.get_current_revision() or "base"))
    for revision in reversed(pending):
        with Operations.context(context):
            revision.module.upgrade()
        context.stamp(directory, revision.revision)
