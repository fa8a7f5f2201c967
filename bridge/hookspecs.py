"""The hooks that plugins answer: offers, one house rule, and events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.model.reasons import Hold
    from bridge.model.run import Entry, Report, Run
    from bridge.model.source_records import Invoice
    from bridge.plugin import SourcePlugin, TargetPlugin

hookspec = pluggy.HookspecMarker("bridge")


@hookspec
def bridge_sources() -> Iterable[SourcePlugin]:  # type: ignore[empty-body]  # a spec has no body
    """Offer systems that can be read.

    Example::

        @hookimpl
        def bridge_sources():
            yield SourcePlugin(kind="blesta", summary="Blesta over its API", ...)
    """


@hookspec
def bridge_targets() -> Iterable[TargetPlugin]:  # type: ignore[empty-body]  # a spec has no body
    """Offer systems that can be written.

    Example::

        @hookimpl
        def bridge_targets():
            yield TargetPlugin(kind="xero", summary="Xero over its API", ...)
    """


@hookspec
def bridge_review_invoice(invoice: Invoice) -> Hold | None:
    """Hold an invoice by a rule of the house, before anything is written for it.

    Example::

        @hookimpl
        def bridge_review_invoice(invoice):
            if invoice.gross.amount > 10_000:
                return Hold(Reason.HOUSE_RULE, "it is over 10,000", "ask the director")
    """


@hookspec
def bridge_run_started(run: Run) -> None:
    """A run has the lock and is about to work. An observer's error is logged, never fatal.

    Example::

        @hookimpl
        def bridge_run_started(run):
            print(f"run {run.id} of {run.name}")
    """


@hookspec
def bridge_entry_finished(run: Run, entry: Entry) -> None:
    """One invoice has come to the end of its way in this run.

    Example::

        @hookimpl
        def bridge_entry_finished(run, entry):
            print(entry.number, entry.state)
    """


@hookspec
def bridge_run_finished(run: Run, report: Report) -> None:
    """A run is over, the lock is still held.

    Example::

        @hookimpl
        def bridge_run_finished(run, report):
            print(report.exit_code)
    """
