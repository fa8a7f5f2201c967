"""The promises of a source when the far side, or the way to it, fails."""

# ruff: noqa: S101  # a suite asserts

import contextlib
import logging
import traceback
from collections.abc import Callable

import pytest

from bridge.api import (
    AccessError,
    Gone,
    Header,
    Missing,
    ScanPolicy,
    Source,
    TransientError,
    UnreachableError,
)
from bridge.testing.builders import DAY
from bridge.testing.conformance.exemptions import Suite, about, given
from bridge.testing.conformance.fixtures import SourceStand
from bridge.testing.faults import NOT_DONE
from bridge.testing.memory.known import MemoryKnown

READS = ("scan", "invoices", "clients", "transactions")
MODES = (*NOT_DONE, "lost_reply", "half_reply", "garbage")
_POLICY = ScanPolicy(today=DAY)


def _scan(source: Source) -> list[Header | Gone]:
    known = MemoryKnown()
    return known.take(source.scan(None, known, _POLICY))


class SourceFaults(Suite):
    """A failed read is a failed read: never an empty list, never a record that is gone."""

    @about("faults")
    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("name", READS)
    def test_a_read_that_fails_is_transient_and_never_an_empty_answer(
        self, stand: SourceStand, source: Source, scanned: list[Header], name: str, mode: str
    ) -> None:
        """It raises TransientError, or was tried again and is right."""
        paid = [row for row in scanned if row.paid_on][-3:]
        refs, clients = [row.ref for row in paid], [row.client for row in paid]
        reads: dict[str, Callable[[Source], object]] = {
            "scan": _scan,
            "invoices": lambda source: list(source.invoices(refs)),
            "clients": lambda source: list(source.clients(clients)),
            "transactions": lambda source: list(source.transactions(clients)),
        }
        read = reads[name]
        right = read(source)
        assert right
        with stand.open() as afresh:
            afresh.check()
            happened = given(stand.misbehave, "misbehave")(name, mode)
            with contextlib.suppress(TransientError):
                assert read(afresh) == right
            assert happened()
            assert read(afresh) == right

    @about("faults")
    @pytest.mark.parametrize("mode", MODES)
    def test_a_failed_read_never_calls_an_invoice_gone(
        self, stand: SourceStand, source: Source, scanned: list[Header], mode: str
    ) -> None:
        """Deleted is what the far side says, not what a bad line makes of it."""
        happened = given(stand.misbehave, "misbehave")("invoices", mode)
        with contextlib.suppress(TransientError):
            for answer in source.invoices([scanned[0].ref]):
                assert not (isinstance(answer, Missing) and answer.gone)
        assert happened()

    # At the door -----------------------------------------------------------------------------

    @about("login")
    def test_a_wrong_password_is_an_access_error(self, stand: SourceStand) -> None:
        """`check` raises AccessError, with a remedy; opening alone asks nothing."""
        with given(stand.locked_out, "locked_out")() as source:
            with pytest.raises(AccessError) as caught:
                source.check()
            assert caught.value.remedy

    @about("login")
    def test_an_end_that_does_not_answer_is_unreachable(self, stand: SourceStand) -> None:
        """`check` is the first call that may fail on the network."""
        with given(stand.nobody_there, "nobody_there")() as source:
            with pytest.raises(UnreachableError) as caught:
                source.check()
            assert caught.value.remedy

    @about("login")
    def test_no_secret_is_ever_shown(
        self, stand: SourceStand, source: Source, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Neither in a log at any level, nor in an error, its causes, or a repr."""
        assert stand.secrets, "name the secrets of this far side in its stand"
        caplog.set_level(logging.DEBUG)
        _scan(source)
        told = [repr(source), *_errors_of(stand, source), caplog.text]
        for secret in stand.secrets:
            assert not any(secret in text for text in told)


def _errors_of(stand: SourceStand, source: Source) -> list[str]:
    """What is told of a few failures: traceback, words and repr of each."""
    told: list[str] = []
    if stand.misbehave:
        stand.misbehave("scan", "garbage")
        told += _told(lambda: _scan(source), TransientError)
    if stand.locked_out:
        with stand.locked_out() as locked_out:
            told += _told(locked_out.check, AccessError)
    return told


def _told(do: Callable[[], object], kind: type[TransientError | AccessError]) -> list[str]:
    try:
        do()
    except kind as error:
        return [*traceback.format_exception(error), repr(error), error.remedy]
    return []
