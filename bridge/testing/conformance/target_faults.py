"""The promises of a target when the far side, or the way to it, fails."""

# ruff: noqa: S101  # a suite asserts

import contextlib
import logging
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bridge.api import (
    AccessError,
    Days,
    OutcomeUnknownError,
    RecordRejectedError,
    Target,
    TransientError,
    UnreachableError,
    token_of,
)
from bridge.testing.builders import DAY
from bridge.testing.conformance.exemptions import Suite, about, given
from bridge.testing.conformance.fixtures import TargetStand
from bridge.testing.conformance.target_writer import LABEL, TargetWriter
from bridge.testing.faults import DONE_UNHEARD, NOT_DONE

WRITES = ("create_client", "create_invoice", "create_payment")
READS = ("clients", "documents", "payments", "find_client", "find_invoice", "find_payment")
_LATE_S = 0.3
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One write that a test makes, and how many records of it stand there."""

    write: Callable[[], object]
    count: Callable[[], int]


def attempt(writer: TargetWriter, name: str) -> Attempt:
    """A write by the name of its method, with all that it needs written before."""
    if name == "create_client":
        client = writer.a_client()
        payload = writer.compose_client(client)
        return Attempt(
            lambda: writer.target.create_client(payload),
            lambda: len(writer.clients(token_of(LABEL, client.ref))),
        )
    if name == "create_invoice":
        owner = writer.create_client()
        sale = writer.a_sale(owner.client)
        invoice = writer.compose_sale(sale)
        return Attempt(
            lambda: writer.target.create_invoice(invoice, client=owner.ref),
            lambda: len(writer.documents(sale.reference.token)),
        )
    made = writer.create_sale()
    payment = writer.a_payment(made.sale)
    money = writer.compose_payment(payment, made.payload)
    return Attempt(
        lambda: writer.target.create_payment(money, document=made.ref),
        lambda: len(writer.payments(made.ref, payment.reference.token)),
    )


class HouseStopped(Exception):  # not an error: the engine's word to stop
    """What the engine's guard raises when the run lock is lost."""


class TargetFaults(Suite):
    """Nothing twice, nothing lost, and each failure under its own name."""

    @about("faults")
    @pytest.mark.parametrize("mode", DONE_UNHEARD)
    @pytest.mark.parametrize("name", WRITES)
    def test_a_write_whose_reply_is_lost_is_unknown_and_stands_there(
        self, writer: TargetWriter, name: str, mode: str
    ) -> None:
        """It was done and nobody heard: OutcomeUnknownError, one record, and it can be found."""
        one = attempt(writer, name)
        given(writer.stand.misbehave, "misbehave")(name, mode)
        with pytest.raises(OutcomeUnknownError) as caught:
            one.write()
        assert caught.value.remedy
        assert one.count() == 1

    @about("faults")
    @pytest.mark.parametrize("mode", NOT_DONE)
    @pytest.mark.parametrize("name", WRITES)
    def test_a_write_that_was_not_done_is_unknown_or_provably_unsent(
        self, writer: TargetWriter, name: str, mode: str
    ) -> None:
        """Never done, never RecordRejectedError; after a look that finds nothing it can be sent."""
        one = attempt(writer, name)
        given(writer.stand.misbehave, "misbehave")(name, mode)
        with pytest.raises((OutcomeUnknownError, TransientError)) as caught:
            one.write()
        assert caught.value.remedy
        assert one.count() == 0
        one.write()
        assert one.count() == 1

    @about("faults")
    @pytest.mark.parametrize("name", WRITES)
    def test_a_write_that_is_done_late_is_unknown_and_comes_to_stand_there(
        self, writer: TargetWriter, name: str
    ) -> None:
        """The far side finishes after we gave up: one record in the end."""
        one = attempt(writer, name)
        given(writer.stand.misbehave, "misbehave")(name, "late_commit", seconds=_LATE_S)
        with pytest.raises(OutcomeUnknownError):
            one.write()
        end = time.monotonic() + _PATIENCE_S
        while not one.count() and time.monotonic() < end:
            time.sleep(_LATE_S / 3)
        assert one.count() == 1

    @about("faults")
    @pytest.mark.parametrize("name", WRITES)
    def test_a_refused_write_is_rejected_in_the_far_sides_own_words(
        self, writer: TargetWriter, name: str
    ) -> None:
        """RecordRejectedError with the text; nothing was written, and the next try may succeed."""
        one = attempt(writer, name)
        given(writer.stand.misbehave, "misbehave")(name, "refuse")
        with pytest.raises(RecordRejectedError) as caught:
            one.write()
        assert caught.value.text
        assert caught.value.remedy
        assert one.count() == 0
        one.write()
        assert one.count() == 1

    @about("faults")
    @pytest.mark.parametrize("mode", [*NOT_DONE, "lost_reply", "half_reply", "garbage"])
    @pytest.mark.parametrize("name", READS)
    def test_a_read_that_fails_is_transient_and_never_an_empty_answer(
        self, writer: TargetWriter, name: str, mode: str
    ) -> None:
        """It raises TransientError, or was tried again and is right; half a list is no list."""
        made = writer.create_sale()
        paid = writer.create_payment(made)
        reads: dict[str, Callable[[Target], object]] = {
            "clients": lambda target: [row.ref.id for row in target.clients()],
            "documents": lambda target: sorted(
                {row.ref.id for row in target.documents([Days(DAY, DAY)])}
            ),
            "payments": lambda target: [row.ref.id for row in target.payments(made.ref)],
            "find_client": lambda target: target.find_client(
                writer.compose_client(made.sale.client)
            ),
            "find_invoice": lambda target: target.find_invoice(
                made.sale.reference, client=made.client_ref, day=DAY
            ),
            "find_payment": lambda target: target.find_payment(
                paid.payment.reference, document=made.ref
            ),
        }
        read = reads[name]
        right = read(writer.target)
        assert right
        happened = given(writer.stand.misbehave, "misbehave")(name, mode)
        with contextlib.suppress(TransientError):
            assert read(writer.target) == right
        assert happened()
        assert read(writer.target) == right

    @pytest.mark.parametrize("name", WRITES)
    def test_the_engine_is_asked_just_before_a_write_and_can_stop_it(
        self, writer: TargetWriter, name: str
    ) -> None:
        """What `before_write` raises passes unchanged, and nothing was sent."""
        one = attempt(writer, name)
        writer.target.before_write = _stop
        with pytest.raises(HouseStopped):
            one.write()
        assert one.count() == 0
        asked: list[int] = []
        writer.target.before_write = lambda: asked.append(threading.get_ident())
        one.write()
        assert asked == [threading.get_ident()]
        assert one.count() == 1

    def test_the_engine_is_not_asked_before_a_read(self, writer: TargetWriter) -> None:
        """A run that lost its lock may still look."""
        made = writer.create_sale()
        writer.target.before_write = _stop
        assert writer.target.find_invoice(made.sale.reference, client=made.client_ref, day=DAY)
        assert any(row.ref.id == made.ref.id for row in writer.target.documents([Days(DAY, DAY)]))

    # At the door -----------------------------------------------------------------------------

    @about("login")
    def test_a_wrong_password_is_an_access_error(self, stand: TargetStand) -> None:
        """`check` raises AccessError, with a remedy; opening alone asks nothing."""
        with given(stand.locked_out, "locked_out")() as target:
            with pytest.raises(AccessError) as caught:
                target.check()
            assert caught.value.remedy

    @about("login")
    def test_an_end_that_does_not_answer_is_unreachable(self, stand: TargetStand) -> None:
        """`check` is the first call that may fail on the network."""
        with given(stand.nobody_there, "nobody_there")() as target:
            with pytest.raises(UnreachableError) as caught:
                target.check()
            assert caught.value.remedy

    @about("login")
    def test_no_secret_is_ever_shown(
        self, writer: TargetWriter, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Neither in a log at any level, nor in an error, its causes, or a repr."""
        assert writer.stand.secrets, "name the secrets of this far side in its stand"
        caplog.set_level(logging.DEBUG)
        told = [repr(writer.target), *_errors_of(writer), caplog.text]
        for secret in writer.stand.secrets:
            assert not any(secret in text for text in told)


def _stop() -> None:
    raise HouseStopped


def _errors_of(writer: TargetWriter) -> list[str]:
    """What is told of a few failures: traceback, words and repr of each."""
    told = []
    writer.create_payment(writer.create_sale())
    for mode in ("refuse", "lost_reply", "garbage"):
        one = attempt(writer, "create_invoice")
        if writer.stand.misbehave:
            writer.stand.misbehave("create_invoice", mode)
        try:
            one.write()
        except (RecordRejectedError, OutcomeUnknownError) as error:
            told += [*traceback.format_exception(error), repr(error), error.remedy]
    if writer.stand.locked_out:
        with writer.stand.locked_out() as target:
            try:
                target.check()
            except AccessError as error:
                told += [*traceback.format_exception(error), repr(error), error.remedy]
    return told
