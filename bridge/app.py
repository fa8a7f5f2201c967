"""The composition root: where bridge.yaml, plugins, log, sandboxes and engine meet."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge import __version__
from bridge.config import Config, Section, load, without
from bridge.engine.context import (
    BookWhen,
    CancelToken,
    Choices,
    Connections,
    Observers,
    Policy,
    Progress,
    SyncRequest,
    UnpaidDocuments,
)
from bridge.errors import ConfigError
from bridge.model.reasons import Hold
from bridge.model.run import Entry, Report, Run
from bridge.model.source_records import Invoice
from bridge.model.target_records import Days
from bridge.registry import Plugins, load_plugins
from bridge.registry.guarded_ends import guarded_source, guarded_target
from bridge.registry.plugin_calls import PluginCalls
from bridge.store.lease import Lease

if TYPE_CHECKING:
    from bridge.engine.reconcile.read_books import BooksSnapshot
    from bridge.engine.reconcile.result import Reconciliation
    from bridge.store.sync_log import SyncLog

_REQUEST_S = 60.0  # where a plugin's settings do not say how long it waits for a reply
_LEASE_SPARE_S = 30.0

Listener = Callable[[Entry], None]


@dataclass(frozen=True, slots=True)
class Watch:
    """How the caller follows a run.

    Attributes:
        listener: Told of each invoice that came to the end of its way.
    """

    progress: Progress
    stop: CancelToken
    listener: Listener


@dataclass(frozen=True, slots=True)
class App:
    """One bridge: what a bridge.yaml describes, with the plugins that are installed."""

    config: Config
    plugins: Plugins

    @classmethod
    def open(cls, path: Path) -> "App":
        """Read the file and find the plugins.

        Raises:
            ConfigError: with all that is wrong in the file.
        """
        plugins = load_plugins()
        return cls(load(path, plugins), plugins)

    # Runs -------------------------------------------------------------------------------------

    def sync(self, request: SyncRequest, watch: Watch) -> Report:
        """One run. Sandboxes start only once the lock is ours.

        Raises:
            BridgeError: the run did not come to a report.
        """
        with ExitStack() as stack, self.placed():
            log = stack.enter_context(self.log())
            log.migrate()
            lease = stack.enter_context(log.lock(lease_s=self.lease_s(), command="sync"))
            ends = stack.enter_context(self.ends(self.config.sandbox_directory))
            return self._run("sync", ends, log, lease, request, watch, self.plugins)

    def dry_run(self, request: SyncRequest, watch: Watch) -> Report:
        """The same way, and nothing is written anywhere that outlasts it. Raises as `sync`.

        House rules are asked; observers are not told, since what they do might outlast it.
        """
        from bridge.engine.dry_run import DryRunTarget
        from bridge.store.overlay import open_overlay

        settings = self.config.settings
        with ExitStack() as stack, self.placed():
            ends = stack.enter_context(self.ends(stack.enter_context(self.sandbox_copy())))
            opened = open_overlay(settings.store, settings.name, base=self.config.directory)
            log = stack.enter_context(closing(opened))
            lease = stack.enter_context(log.lock(lease_s=self.lease_s(), command="dry run"))
            rehearsed = Connections(ends.source, DryRunTarget.before(ends.target))
            rules = _OnlyRules(self.plugins)
            return self._run("dry run", rehearsed, log, lease, request, watch, rules)

    def _run(
        self,
        command: str,
        ends: Connections,
        log: "SyncLog",
        lease: Lease,
        request: SyncRequest,
        watch: Watch,
        observers: Observers,
    ) -> Report:
        from bridge.engine.run.sync import sync

        digest = self.config.digest
        return sync(
            ends,
            log,
            run=log.start_run(command, version=__version__, settings_digest=digest),
            lease=lease,
            policy=self.policy(),
            request=request,
            observers=_Heard(observers, watch.listener),
            progress=watch.progress,
            stop=watch.stop,
        )

    def read_books(
        self, days: Days, progress: Progress, tell_cost: Callable[[int], None]
    ) -> "BooksSnapshot":
        """Read both books afresh. It writes nothing and takes no lock. Raises as `sync`.

        `tell_cost` hears beforehand about how many calls the source will take.
        """
        from bridge.engine.reconcile.read_books import read

        with ExitStack() as stack, self.placed():
            log = stack.enter_context(self.log(create=False))
            return read(
                stack.enter_context(self.ends(self.config.sandbox_directory)),
                log,
                policy=self.policy(),
                days=days,
                progress=progress,
                tell_cost=tell_cost,
            )

    def reconciled(self, reading: "BooksSnapshot") -> "Reconciliation":
        """Compare what was read."""
        from bridge.engine.reconcile.result import reconciled

        return reconciled(reading, version=__version__, settings=self.config.digest)

    # What they stand on -----------------------------------------------------------------------

    @contextmanager
    def log(self, *, create: bool = True) -> "Iterator[SyncLog]":
        """The sync log, opened.

        Raises:
            StoreError: it cannot be opened; without `create` also where there is none yet.
        """
        from bridge.store import open_log

        settings = self.config.settings
        base = self.config.directory
        with closing(open_log(settings.store, settings.name, base=base, create=create)) as log:
            yield log

    def store_folder(self) -> Path:
        """Where files that belong to the log go: beside a SQLite file, else beside bridge.yaml."""
        from bridge.store.db.url import read_address

        file = read_address(self.config.settings.store, base=self.config.directory).file
        return file.parent if file else self.config.directory

    @contextmanager
    def ends(self, sandboxes: Path) -> Iterator[Connections]:
        """Both ends, opened; where one is a sandbox, it runs for as long.

        Raises:
            ConfigError: a plugin's settings lack what its sandbox does not supply.
        """
        with ExitStack() as stack, self.placed():
            source, target = self.config.source, self.config.target
            source_settings = self._settings(stack, source, sandboxes)
            target_settings = self._settings(stack, target, sandboxes)
            with self._calls(source).call("source.open"):
                opened = source.offer.open(source_settings)
            from_source = stack.enter_context(guarded_source(opened, self._calls(source)))
            with self._calls(target).call("target.open"):
                to_open = target.offer.open(target_settings)
            to_target = stack.enter_context(guarded_target(to_open, self._calls(target)))
            yield Connections(from_source, to_target)

    def _calls(self, section: Section[Any]) -> PluginCalls:
        return PluginCalls(section.origin, lambda text: without(text, self.config.secrets))

    def _settings(self, stack: ExitStack, section: Section[Any], sandboxes: Path) -> Any:
        """A section's settings; its sandbox, if it has one, is started for as long as `stack`."""
        supplied: Mapping[str, str] = {}
        if section.is_sandboxed:
            sandboxes.mkdir(parents=True, exist_ok=True)
            with self._calls(section).call(f"{section.role}.sandbox"):
                supplied = stack.enter_context(section.offer.sandbox(sandboxes)).settings
        return section.validated(supplied)

    @contextmanager
    def sandbox_copy(self) -> Iterator[Path]:
        """A directory with a copy of the sandboxes' data, for what must leave no trace."""
        with tempfile.TemporaryDirectory(prefix="bridge-") as name:
            copy = Path(name)
            if self.config.source.is_sandboxed or self.config.target.is_sandboxed:
                _copy_data(self.config.sandbox_directory, copy)
            yield copy

    def policy(self) -> Policy:
        """What the `sync:` and `books:` parts say."""
        sync = self.config.settings.sync
        return Policy(
            start_date=sync.start_date,
            unpaid_documents=UnpaidDocuments(sync.unpaid_documents),
            book_when=BookWhen(sync.book_when),
            settle_delay_s=sync.settle_delay_s,
            deep_scan_days=sync.deep_scan_days,
            refund_days=sync.refund_days,
            retries=sync.retries,
            workers=sync.workers,
            choices=Choices(**self.config.settings.books.model_dump()),
        )

    def lease_s(self) -> float:
        """It outlasts one request and the time a server may be at work after we gave up."""
        waits = [_wait_s(one) for one in (self.config.source, self.config.target)]
        return max(waits) + self.config.settings.sync.settle_delay_s + _LEASE_SPARE_S

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Give problems that a plugin or the engine finds their place in the file."""
        try:
            yield
        except ConfigError as error:
            raise self.config.placed(error) from error


def _wait_s(section: Section[Any]) -> float:
    """The longest that one request may take, as far as the plugin's settings tell."""
    written = section.shown().get("timeout_s", _REQUEST_S)
    try:
        return float(written)
    except (TypeError, ValueError):
        return _REQUEST_S


@dataclass(frozen=True, slots=True)
class _OnlyRules:
    """Plugins as a dry run has them: their rules count, and nobody is told."""

    plugins: Observers

    def review(self, invoice: Invoice) -> Hold | None:
        return self.plugins.review(invoice)

    def run_started(self, run: Run) -> None:
        pass

    def entry_finished(self, run: Run, entry: Entry) -> None:
        pass

    def run_finished(self, run: Run, report: Report) -> None:
        pass


@dataclass(frozen=True, slots=True)
class _Heard:
    """Observers, and the caller who listens too."""

    observers: Observers
    listener: Listener

    def review(self, invoice: Invoice) -> Hold | None:
        return self.observers.review(invoice)

    def run_started(self, run: Run) -> None:
        self.observers.run_started(run)

    def entry_finished(self, run: Run, entry: Entry) -> None:
        self.listener(entry)
        self.observers.entry_finished(run, entry)

    def run_finished(self, run: Run, report: Report) -> None:
        self.observers.run_finished(run, report)


def _copy_data(directory: Path, copy: Path) -> None:
    """Copy SQLite files by SQLite's own backup, as another process may be writing to them."""
    if not directory.is_dir():
        return
    for path in directory.iterdir():
        if path.suffix == ".db":
            with (
                closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as old,
                closing(sqlite3.connect(copy / path.name)) as new,
            ):
                old.backup(new)
        elif path.is_file() and not path.name.endswith(("-wal", "-shm")):
            shutil.copy2(path, copy / path.name)
