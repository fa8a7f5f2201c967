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
from bridge.testing.conformance.target_writer import LABEL, Desk
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


def attempt(desk: Desk, name: str) -> Attempt:
    """A write by the name of its method, with all that it needs written before."""
    if name == "create_client":
        client = desk.a_client()
        payload = desk.compose_client(client)
        return Attempt(
            lambda: desk.target.create_client(payload),
            lambda: len(desk.clients(token_of(LABEL, client.ref))),
        )
    if name == "create_invoice":
        owner = desk.create_client()
        sale = desk.a_sale(owner.client)
        invoice = desk.compose_sale(sale)
        return Attempt(
            lambda: desk.target.create_invoice(invoice, client=owner.ref),
            lambda: len(desk.documents(sale.reference.token)),
        )
    made = desk.create_sale()
    payment = desk.a_payment(made.sale)
    money = desk.compose_payment(payment, made.payload)
    return Attempt(
        lambda: desk.target.create_payment(money, document=made.ref),
        lambda: len(desk.payments(made.ref, payment.reference.token)),
    )


class HouseStopped(Exception):  # not an error: the engine's word to stop
    """What the engine's guard raises when the run lock is lost."""


class TargetFaults(Suite):
    """Nothing twice, nothing lost, and each failure under its own name."""

    @about("faults")
    @pytest.mark.parametrize("mode", DONE_UNHEARD)
    @pytest.mark.parametrize("name", WRITES)
    def test_a_write_whose_reply_is_lost_is_unknown_and_stands_there(
        self, desk: Desk, name: str, mode: str
    ) -> None:
        """It was done and nobody heard: OutcomeUnknownError, one record, and it can be found."""
        one = attempt(desk, name)
        given(desk.stand.misbehave, "misbehave")(name, mode)
        with pytest.raises(OutcomeUnknownError) as caught:
            one.write()
        assert caught.value.remedy
        assert one.count() == 1

    @about("faults")
    @pytest.mark.parametrize("mode", NOT_DONE)
    @pytest.mark.parametrize("name", WRITES)
    def test_a_write_that_was_not_done_is_unknown_or_provably_unsent(
        self, desk: Desk, name: str, mode: str
    ) -> None:
        """Never done, never RecordRejectedError; after a look that finds nothing it can be sent."""
        one = attempt(desk, name)
        given(desk.stand.misbehave, "misbehave")(name, mode)
        with pytest.raises((OutcomeUnknownError, TransientError)) as caught:
            one.write()
        assert caught.value.remedy
        assert one.count() == 0
        one.write()
        assert one.count() == 1

    @about("faults")
    @pytest.mark.parametrize("name", WRITES)
    def test_a_write_that_is_done_late_is_unknown_and_comes_to_stand_there(
        self, desk: Desk, name: str
    ) -> None:
        """The far side finishes after we gave up: one record in the end."""
        one = attempt(desk, name)
        given(desk.stand.misbehave, "misbehave")(name, "late_commit", seconds=_LATE_S)
        with pytest.raises(OutcomeUnknownError):
            one.write()
        end = time.monotonic() + _PATIENCE_S
        while not one.count() and time.monotonic() < end:
            time.sleep(_LATE_S / 3)
        assert one.count() == 1

    @about("faults")
    @pytest.mark.parametrize("name", WRITES)
    def test_a_refused_write_is_rejected_in_the_far_sides_own_words(
        self, desk: Desk, name: str
    ) -> None:
        """RecordRejectedError with the text; nothing was written, and the next try may succeed."""
        one = attempt(desk, name)
        given(desk.stand.misbehave, "misbehave")(name, "refuse")
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
        self, desk: Desk, name: str, mode: str
    ) -> None:
        """It raises TransientError, or was tried again and is right; half a list is no list."""
        made = desk.create_sale()
        paid = desk.create_payment(made)
        reads: dict[str, Callable[[Target], object]] = {
            "clients": lambda target: [row.ref.id for row in target.clients()],
            "documents": lambda target: sorted(
                {row.ref.id for row in target.documents([Days(DAY, DAY)])}
            ),
            "payments": lambda target: [row.ref.id for row in target.payments(made.ref)],
            "find_client": lambda target: target.find_client(desk.compose_client(made.sale.client)),
            "find_invoice": lambda target: target.find_invoice(
                made.sale.reference, client=made.client_ref, day=DAY
            ),
            "find_payment": lambda target: target.find_payment(
                paid.payment.reference, document=made.ref
            ),
        }
        read = reads[name]
        right = read(desk.target)
        assert right
        happened = given(desk.stand.misbehave, "misbehave")(name, mode)
        with contextlib.suppress(TransientError):
            assert read(desk.target) == right
        assert happened()
        assert read(desk.target) == right

    @pytest.mark.parametrize("name", WRITES)
    def test_the_engine_is_asked_just_before_a_write_and_can_stop_it(
        self, desk: Desk, name: str
    ) -> None:
        """What `before_write` raises passes unchanged, and nothing was sent."""
        one = attempt(desk, name)
        desk.target.before_write = _stop
        with pytest.raises(HouseStopped):
            one.write()
        assert one.count() == 0
        asked: list[int] = []
        desk.target.before_write = lambda: asked.append(threading.get_ident())
        one.write()
        assert asked == [threading.get_ident()]
        assert one.count() == 1

    def test_the_engine_is_not_asked_before_a_read(self, desk: Desk) -> None:
        """A run that lost its lock may still look."""
        made = desk.create_sale()
        desk.target.before_write = _stop
        assert desk.target.find_invoice(made.sale.reference, client=made.client_ref, day=DAY)
        assert any(row.ref.id == made.ref.id for row in desk.target.documents([Days(DAY, DAY)]))

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
    def test_no_secret_is_ever_shown(self, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
        """Neither in a log at any level, nor in an error, its causes, or a repr."""
        assert desk.stand.secrets, "name the secrets of this far side in its stand"
        caplog.set_level(logging.DEBUG)
        told = [repr(desk.target), *_errors_of(desk), caplog.text]
        for secret in desk.stand.secrets:
            assert not any(secret in text for text in told)


def _stop() -> None:
    raise HouseStopped


def _errors_of(desk: Desk) -> list[str]:
    """What is told of a few failures: traceback, words and repr of each."""
    told = []
    desk.create_payment(desk.create_sale())
    for mode in ("refuse", "lost_reply", "garbage"):
        one = attempt(desk, "create_invoice")
        if desk.stand.misbehave:
            desk.stand.misbehave("create_invoice", mode)
        try:
            one.write()
        except (RecordRejectedError, OutcomeUnknownError) as error:
            told += [*traceback.format_exception(error), repr(error), error.remedy]
    if desk.stand.locked_out:
        with desk.stand.locked_out() as target:
            try:
                target.check()
            except AccessError as error:
                told += [*traceback.format_exception(error), repr(error), error.remedy]
    return told
