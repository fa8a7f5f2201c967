"""bridge.yaml, read and validated: everything that is wrong is told at once."""

import hashlib
import json
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.config.books import BOOKS, gathered, open_choices, refunds_need_balances
from bridge.config.nodes import Node, Parser, find, walk
from bridge.config.secrets import hide_url_password, url_passwords
from bridge.config.section import Section, open_section
from bridge.config.substitute import substitute
from bridge.errors import ConfigError, Problem
from bridge.plugin import SourcePlugin, TargetPlugin
from bridge.registry import Plugins

if TYPE_CHECKING:
    from bridge.config.models import Settings
    from bridge.plugin import Decision


@dataclass(frozen=True)
class Config:
    """A bridge.yaml that holds together.

    Attributes:
        path: As it was named.
        settings: The core's own part.
        source, target: The plugins' parts.
        warnings: What is allowed and unwise.
        secrets: Values that must not be printed, for the last net.
    """

    path: Path
    settings: "Settings" = field(repr=False)  # its store may hold a password
    source: Section[SourcePlugin]
    target: Section[TargetPlugin]
    warnings: tuple[Problem, ...]
    secrets: frozenset[str] = field(repr=False)
    _root: Node = field(repr=False)

    @cached_property
    def directory(self) -> Path:
        """Where relative paths begin."""
        return self.path.resolve().parent

    @cached_property
    def store_file(self) -> Path | None:
        """The SQLite file of the sync log, or None where it is another database."""
        scheme, _, rest = self.settings.store.partition("://")
        if not scheme.startswith("sqlite"):
            return None
        name = rest.partition("?")[0].removeprefix("/")
        return self.directory / name

    @cached_property
    def sandbox_directory(self) -> Path:
        """Where sandboxes keep their data: beside the store, else beside this file."""
        return (self.store_file.parent if self.store_file else self.directory) / ".bridge"

    def shown(self) -> Mapping[str, Any]:
        """Every setting in effect, secrets hidden."""
        core = self.settings.model_dump(mode="json", exclude={"source", "target", "notify"})
        return {
            "name": core["name"],
            "store": hide_url_password(core["store"]),
            "source": self.source.shown(),
            "target": self.target.shown(),
            "books": core["books"],
            "sync": core["sync"],
        }

    def open_decisions(self) -> "list[tuple[str, Decision]]":
        """The questions that this file leaves to assumptions, or held, with the part of each."""
        own = [("source", one) for one in self.source.open_decisions()]
        own += [("target", one) for one in self.target.open_decisions()]
        return own + [(BOOKS, one) for one in open_choices(self._root)]

    @cached_property
    def digest(self) -> str:
        """Names these settings in the log. Secrets are left out, so it tells nothing of them."""
        text = json.dumps(self.shown(), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def placed(self, error: ConfigError) -> ConfigError:
        """The same problems, each with its place in the file where its key has one."""
        return ConfigError([_placed(one, self._root, str(self.path)) for one in error.problems])


def load(path: Path, plugins: Plugins) -> Config:
    """Read bridge.yaml.

    Raises:
        ConfigError: with every problem of the file.
    """
    root, problems = _read(path)
    root, moved = gathered(root, str(path), problems)
    settings = _core(root, str(path), problems)
    source = open_section(root, "source", plugins.source, plugins, str(path), problems)
    target = open_section(root, "target", plugins.target, plugins, str(path), problems)
    if settings and target and settings.books.refund_to_balance != "hold":
        wrong = refunds_need_balances(target.open_decisions())
        problems.extend([_placed(wrong, root, str(path))] if wrong else ())
    if problems or settings is None or source is None or target is None:
        raise ConfigError(_sorted(problems))
    sections = (source, target)
    secrets = frozenset([value for one in sections for value in one.secrets] + _url_secrets(root))
    warnings = (
        *_readable_secrets(path, root, sections),
        *_booked_proformas(settings, root, path),
        *moved,
    )
    return Config(path, settings, source, target, warnings, secrets, root)


def _read(path: Path) -> tuple[Node, list[Problem]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        problem = Problem(
            f"{path} does not exist", "write one, or name another with `bridge --config FILE`"
        )
        raise ConfigError([problem]) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        problem = Problem(f"{path} could not be read: {reason}", "let bridge's user read it")
        raise ConfigError([problem]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problem = Problem("the file is not UTF-8 text", "save it as UTF-8", f"{path}:{line}:1")
        raise ConfigError([problem]) from None
    parser = Parser(str(path))
    root = parser.parse(text)
    if root is None or not isinstance(root.value, Mapping):
        remedy = "begin with `name: books` and go on as the shipped bridge.yaml does"
        wrong = Problem("the file is not a mapping of keys to values", remedy, f"{path}:1:1")
        raise ConfigError(parser.problems or [wrong])
    return substitute(root, file=path, problems=parser.problems), parser.problems


def _core(root: Node, file: str, problems: list[Problem]) -> "Settings | None":
    from pydantic import ValidationError

    from bridge.config.models import Settings
    from bridge.config.schema_index import outline_of
    from bridge.config.validation_errors import problems_of

    outline = outline_of(Settings)
    try:
        return Settings.model_validate(root.plain(outline.is_only_text))
    except ValidationError as error:
        see = "`bridge config schema` lists every setting"
        problems.extend(problems_of(error, root=root, at=(), outline=outline, file=file, see=see))
        return None


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    """By place in the file; what has none comes first."""

    def place(problem: Problem) -> tuple[int, ...]:
        parts = problem.where.rsplit(":", 2)[1:]
        return tuple(int(part) for part in parts if part.isdigit())

    return sorted(problems, key=place)


def _placed(problem: Problem, root: Node, file: str) -> Problem:
    found = find(root, problem.key) if problem.key and not problem.where else None
    if found is None:
        return problem
    mark = found[1]
    where = f"{file}:{mark.line}:{mark.column}"
    return Problem(problem.what, problem.remedy, where, problem.key)


def _url_secrets(root: Node) -> list[str]:
    return [
        password
        for _, node in walk(root)
        if isinstance(node.value, str)
        for password in url_passwords(node.value)
    ]


def _readable_secrets(
    path: Path, root: Node, sections: Iterable[Section[Any]]
) -> Iterable[Problem]:
    """A secret that is written out in a file that every user of the machine can read."""
    if not path.stat().st_mode & stat.S_IROTH:
        return
    keys = [place for one in sections for place in one.plain_secrets()]
    for where, node in walk(root):
        if isinstance(node.value, str) and not node.substituted and url_passwords(node.value):
            keys.append((".".join(str(part) for part in where), node))
    for key, node in sorted(keys, key=lambda pair: (pair[1].mark.line, pair[1].mark.column)):
        yield Problem(
            f"{key} is a secret in a file that everyone on this machine can read",
            f"run `chmod o-r {path}`, or write ${{NAME}} or ${{file:/path}} in its place",
            f"{path}:{node.mark.line}:{node.mark.column}",
            key,
        )


def _booked_proformas(settings: "Settings", root: Node, path: Path) -> Iterable[Problem]:
    """A proforma is no tax point, so a sale booked from it declares its VAT too early."""
    sync = settings.sync
    if sync.book_when != "issued" or sync.unpaid_documents != "proforma":
        return
    problem = Problem(
        "sync.book_when: issued books proformas, which are no invoices in law: their VAT would be"
        " declared before it is due",
        "write `unpaid_documents: vat_invoice` if unpaid invoices are VAT invoices, else"
        " `book_when: paid`",
        key="sync.book_when",
    )
    yield _placed(problem, root, str(path))
