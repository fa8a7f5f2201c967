"""When a run is to end: by a signal, by the clock, or by the first error of a thread."""

from time import monotonic

import pytest

from bridge.engine.context import CancelledError, CancelToken, NoProgress


def test_a_new_token_ends_nothing() -> None:
    token = CancelToken()
    assert not token.is_due
    assert not token.ends_steps
    token.check()


def test_a_signal_ends_invoices_and_steps() -> None:
    token = CancelToken(requested=True)
    assert token.is_due
    with pytest.raises(CancelledError):
        token.check()


def test_a_deadline_lets_an_invoice_that_was_begun_finish() -> None:
    token = CancelToken(deadline=monotonic() - 1)
    assert token.is_due
    token.check()
    assert not CancelToken(deadline=monotonic() + 60).is_due


def test_the_first_error_is_kept_and_ends_everything() -> None:
    token, first = CancelToken(), ValueError("the first")
    token.fail(first)
    token.fail(ValueError("what follows from it"))
    assert token.error is first
    assert token.is_due
    with pytest.raises(CancelledError):
        token.check()


def test_progress_that_nobody_sees_can_be_told_all_the_same() -> None:
    progress = NoProgress()
    progress.stage("book", 3)
    progress.advance()
    with progress.aside("look", 2) as advance:
        advance()
