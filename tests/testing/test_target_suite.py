"""The target suite can fail: each target here breaks one promise, and the test of it says so."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bridge.api import (
    Client,
    Days,
    Hold,
    Nothing,
    OutcomeUnknownError,
    Payload,
    Payment,
    RecordRejectedError,
    Reference,
    Sale,
    TargetClient,
    TargetDocument,
    TargetPayment,
    TargetRef,
    TransientError,
)
from bridge.testing.conformance.fixtures import TargetStand
from bridge.testing.conformance.target_writer import TargetWriter
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.target import MemoryTarget
from bridge.testing.target_suite import TargetSuite

BREAKS = (AssertionError, ValueError, RecordRejectedError, pytest.fail.Exception)


class Note:
    def __init__(self, books: MemoryBooks) -> None:
        self._books = books

    def write(self, client: TargetRef, text: str) -> None:
        found = self._books.clients[client.id]
        self._books.clients[client.id] = replace(found, foreign={"note": text})

    def read(self, client: TargetRef) -> str:
        return self._books.clients[client.id].foreign.get("note", "")


class FindsHalfAKey(MemoryTarget):
    def find_invoice(self, reference: Reference, **where: Any) -> TargetDocument | None:
        documents = self._books.reading("find_invoice", self._books.target_documents)
        return next((row for row in documents if reference.token in row.reference), None)


class PicksOneOfTwo(MemoryTarget):
    def find_invoice(
        self, reference: Reference, *, client: TargetRef, day: Any
    ) -> TargetDocument | None:
        documents = self._books.reading("find_invoice", self._books.target_documents)
        tokens = (row for row in documents if reference.token in row.reference.split())
        return next(tokens, None)


class LeavesOutTheLastDay(MemoryTarget):
    def documents(
        self, days: Sequence[Days], clients: Collection[TargetRef] = ()
    ) -> Iterator[TargetDocument]:
        for row in super().documents(days, clients):
            if not any(row.date == span.last for span in days if span.first != span.last):
                yield row


class RenamesCodes(MemoryTarget):
    def update_client(self, client: TargetRef, payload: Payload) -> None:
        fields = {**payload.body, "code": payload.natural_key}
        self._write("update_client", lambda: self._books.change_client(client.id, fields))


class WipesWhatItDoesNotKnow(MemoryTarget):
    def update_client(self, client: TargetRef, payload: Payload) -> None:
        super().update_client(client, payload)
        found = self._books.clients[client.id]
        self._books.clients[client.id] = replace(found, foreign={})


class AdoptsAndOverwrites(MemoryTarget):
    def adopt_client(self, client: TargetRef, payload: Payload) -> None:
        self.update_client(client, payload)


class SendsAgain(MemoryTarget):
    def create_payment(self, payload: Payload, *, document: TargetRef) -> TargetRef:
        try:
            return super().create_payment(payload, document=document)
        except OutcomeUnknownError:
            return super().create_payment(payload, document=document)


class CallsUnknownRefused(MemoryTarget):
    def create_invoice(self, payload: Payload, *, client: TargetRef) -> TargetRef:
        try:
            return super().create_invoice(payload, client=client)
        except OutcomeUnknownError as error:
            raise RecordRejectedError(error.what, remedy=error.remedy, text="?") from error


class NeverAsks(MemoryTarget):
    def _write(self, name: str, do: Callable[[], Any]) -> Any:
        return self._books.writing(name, do)


class AsksTooLate(MemoryTarget):
    def _write(self, name: str, do: Callable[[], Any]) -> Any:
        done = self._books.writing(name, do)
        self.before_write()
        return done


class ReadsNothingAsEmpty(MemoryTarget):
    def clients(self) -> Iterator[TargetClient]:
        try:
            yield from super().clients()
        except TransientError:
            return


class SendsFloats(MemoryTarget):
    def compose_payment(self, *arguments: Any) -> Payload | Hold | Nothing:
        payload = super().compose_payment(*arguments)
        if isinstance(payload, Payload):
            body = {**payload.body, "amount": 120.0}
            return replace(payload, body=body)  # type: ignore[arg-type]  # that is the fault
        return payload


class CutsText(MemoryTarget):
    def compose_invoice(self, sale: Sale) -> Payload | Hold:
        short = [replace(line, description=line.description[:255]) for line in sale.lines]
        return super().compose_invoice(replace(sale, lines=tuple(short)))


class CutsReferences(MemoryTarget):
    def create_invoice(self, payload: Payload, *, client: TargetRef) -> TargetRef:
        body = {**payload.body, "reference": payload.reference[:40]}
        return super().create_invoice(replace(payload, body=body), client=client)


class RoundsTax(MemoryTarget):
    def compose_invoice(self, sale: Sale) -> Payload | Hold:
        lines = [
            replace(line, tax=replace(line.tax, amount=line.tax.amount.quantize(Decimal("0.1"))))
            for line in sale.lines
        ]
        return super().compose_invoice(replace(sale, lines=tuple(lines)))


class BooksAnyGateway(MemoryTarget):
    def compose_payment(
        self, payment: Payment, invoice: Payload, earlier: Sequence[Payload]
    ) -> Payload | Hold | Nothing:
        return super().compose_payment(replace(payment, gateway="stripe"), invoice, earlier)


class ShowsClientsOtherwise(MemoryTarget):
    def clients(self) -> Iterator[TargetClient]:
        for row in super().clients():
            yield replace(row, body={**row.body, "town": str(row.body["town"]).upper()})


class LosesNotes(MemoryTarget):
    def payments(self, document: TargetRef) -> Iterator[TargetPayment]:
        for row in super().payments(document):
            yield replace(row, note="")


class Remembers(MemoryTarget):
    def compose_client(self, client: Client, reference: Reference) -> Payload | Hold:
        known = self._books.reading("clients", lambda: len(self._books.clients))
        payload = super().compose_client(client, reference)
        assert isinstance(payload, Payload)
        return replace(payload, natural_key=f"C{known}")


class AppliesTwice(MemoryTarget):
    def apply_credit_note(self, note: TargetRef, *, original: TargetRef) -> None:
        super().apply_credit_note(note, original=original)
        text = f"Credit note {note.id} applied to {original.id}"
        for key, row in self._books.payments.items():
            if row.note == text:
                self._books.payments[key] = replace(row, note="applied")


def at(books: MemoryBooks, kind: type[MemoryTarget]) -> TargetStand:
    return TargetStand(
        open=lambda: kind(books),
        misbehave=books.misbehave,
        foreign=Note(books),
        calls=lambda: sorted(books.calls.elements()),
    )


@pytest.mark.parametrize(
    ("kind", "test", "arguments"),
    [
        (FindsHalfAKey, "test_a_reference_is_matched_as_a_whole_word", ()),
        (PicksOneOfTwo, "test_two_documents_with_one_reference_are_never_chosen_from", ()),
        (LeavesOutTheLastDay, "test_documents_of_a_range_include_both_of_its_days", ()),
        (RenamesCodes, "test_updating_an_adopted_client_keeps_its_code", ()),
        (WipesWhatItDoesNotKnow, "test_an_update_keeps_what_is_not_ours", ()),
        (AdoptsAndOverwrites, "test_adopting_marks_a_client_and_changes_nothing_else", ()),
        (
            SendsAgain,
            "test_a_write_whose_reply_is_lost_is_unknown_and_stands_there",
            ("create_payment", "lost_reply"),
        ),
        (
            CallsUnknownRefused,
            "test_a_write_whose_reply_is_lost_is_unknown_and_stands_there",
            ("create_invoice", "garbage"),
        ),
        (
            CallsUnknownRefused,
            "test_a_write_that_was_not_done_is_unknown_or_provably_unsent",
            ("create_invoice", "cut_before"),
        ),
        (
            CallsUnknownRefused,
            "test_a_write_that_is_done_late_is_unknown_and_comes_to_stand_there",
            ("create_invoice",),
        ),
        (
            NeverAsks,
            "test_the_engine_is_asked_just_before_a_write_and_can_stop_it",
            ("create_invoice",),
        ),
        (
            AsksTooLate,
            "test_the_engine_is_asked_just_before_a_write_and_can_stop_it",
            ("create_payment",),
        ),
        (
            ReadsNothingAsEmpty,
            "test_a_read_that_fails_is_transient_and_never_an_empty_answer",
            ("clients", "html"),
        ),
        (SendsFloats, "test_a_payload_goes_through_json_unharmed", ()),
        (CutsText, "test_awkward_text_in_lines_and_references_is_not_lost", ("x" * 300,)),
        (CutsReferences, "test_awkward_text_in_lines_and_references_is_not_lost", ("x" * 60,)),
        (RoundsTax, "test_any_sale_keeps_its_figures", ()),
        (BooksAnyGateway, "test_a_gateway_that_is_not_mapped_is_held", ()),
        (ShowsClientsOtherwise, "test_a_client_stands_there_as_it_was_sent", ()),
        (
            LosesNotes,
            "test_a_write_whose_reply_is_lost_is_unknown_and_stands_there",
            ("create_payment", "lost_reply"),
        ),
        (Remembers, "test_composing_sends_nothing_and_is_the_same_twice", ()),
        (AppliesTwice, "test_a_credit_note_lowers_its_original_once", ()),
    ],
)
def test_a_target_that_breaks_a_promise_fails_its_test(
    kind: type[MemoryTarget], test: str, arguments: tuple[str, ...]
) -> None:
    stand = at(MemoryBooks(), kind)
    with stand.open() as target:
        target.prepare()
        with pytest.raises(BREAKS):
            getattr(TargetSuite(), test)(TargetWriter(stand, target), *arguments)


@pytest.mark.parametrize(
    ("exempt", "words"),
    [
        ({"credit_notes": "no"}, "gives no reason"),
        ({"credit_note": "The system has none of them."}, "neither a test nor a matter"),
    ],
)
def test_an_exemption_needs_a_reason_and_a_name(
    exempt: dict[str, str], words: str, request: pytest.FixtureRequest
) -> None:
    suite = type("TestExempt", (TargetSuite,), {"exempt": exempt})()
    with pytest.raises(pytest.fail.Exception, match=words):
        suite.check_exemptions(request.function)


def test_what_a_stand_lacks_fails_the_tests_that_need_it() -> None:
    """A suite never passes for want of a way to disturb its far side."""
    stand = TargetStand(open=lambda: MemoryTarget(MemoryBooks()))
    with pytest.raises(pytest.fail.Exception, match="locked_out"):
        TargetSuite().test_a_wrong_password_is_an_access_error(stand)
