"""What persons answered: kept in order, and for ever."""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select

from bridge.model.keys import ref_from
from bridge.model.refs import Kind, SourceRef
from bridge.store.tables import schema
from bridge.store.tables.bridge_rows import BridgeRows
from bridge.store.tables.mapping import (
    dump_json,
    from_day,
    from_micros,
    id_from,
    load_json,
    printable,
    to_day,
    to_micros,
)
from bridge.store.tables.values import AnswerRow

_answer = schema.answer


def keep(connection: Connection, bridge: str, put: AnswerRow) -> None:
    """Append an answer."""
    connection.execute(
        insert(_answer),
        {
            "bridge": bridge,
            "invoice": id_from(put.invoice, Kind.INVOICE),
            "answer": put.answer,
            "about": dump_json(list(put.about)),
            "who": printable(put.who),
            "because": printable(put.because),
            "day": to_day(put.day),
            "run": put.run,
            "at": to_micros(put.at),
        },
    )


class AnswerTable(BridgeRows):
    """Questions to `bridge_answer`."""

    def answers(self, invoice: SourceRef) -> Sequence[AnswerRow]:
        """What was answered about an invoice, oldest first."""
        query = (
            select(_answer)
            .where(
                _answer.c.bridge == self._name,
                _answer.c.invoice == id_from(invoice, Kind.INVOICE),
            )
            .order_by(_answer.c.id)
        )
        with self._database.read() as connection:
            return [
                AnswerRow(
                    invoice=ref_from(row.invoice, Kind.INVOICE),
                    answer=row.answer,
                    about=tuple(load_json(row.about)),
                    who=row.who,
                    because=row.because,
                    day=day,
                    run=row.run,
                    at=from_micros(row.at),
                )
                for row in connection.execute(query)
                if (day := from_day(row.day))
            ]
