"""The shape of the code: what is public, what loads what, and what never appears."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bridge.api
from bridge import hookspecs
from bridge.api import BridgeError

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted([*ROOT.glob("bridge/**/*.py"), *ROOT.glob("plugins/**/*.py")])
HEAVY = ("pydantic", "sqlalchemy", "zeep", "requests", "babel", "alembic", "lxml")
EXACT = (
    "bridge/model/*.py",
    "bridge/store/**/*.py",
    "bridge/engine/**/*.py",
    "plugins/whmcs_source/translate/invoice.py",
    "plugins/whmcs_source/translate/transactions.py",
    "plugins/kashflow_target/soap/builders.py",
    "plugins/kashflow_target/compose/*.py",
    "plugins/kashflow_target/vat/*.py",
)
LATER = re.compile(r"\b(?:TODO|FIXME|NotImplementedError)\b|#\s*XXX")
PUBLIC = """
    WHOLE_INVOICE AccessError AmbiguousMatchError BalanceEntry BalanceOrigin BridgeError
    Checkpoint Choice Client ClientBalance ConfigError Conversation CreditNote Days Decision
    Entry EntryState Finding Gone Header Health Hold Invoice
    InvoiceState Json Kind Known Level LineItem LineKind
    Missing Money Movement MovementKind Nothing OutcomeUnknownError PaidFrom Payload
    Payment Posting Prices Problem Question Rate Reason Record RecordClass
    RecordRejectedError Reference Report Rule Run Sale SaleLine Sandbox
    ScanPolicy Seen Source SourcePlugin SourceRef Survey
    Target TargetClient TargetDocument TargetLine TargetMovement TargetPayment
    TargetPlugin TargetRef TaxPart Transaction TransactionKind TransientError
    UnreachableError UsageError client_ref fingerprint hookimpl invoice_ref
    minor_digits money_fingerprint payment_ref rounded spread token_of tokens_in total
"""
SECONDS = {
    "_ATTEMPTS",
    "_PATIENCE_S",
    "BUSY_S",
    "_FIRST_WAIT",
    "timeout",
    "wait_initial",
    "wait_max",
}


def _loaded(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return {name.partition(".")[0] for name in found.stdout.split()}


def test_the_public_door_is_what_plugins_were_promised() -> None:
    """A name that went is a major version; one that came is added here on purpose."""
    assert sorted(_offered()) == sorted(PUBLIC.split())


def _offered() -> list[str]:
    modules = {"warnings", "import_module", "annotations"}
    return [name for name in vars(bridge.api) if name[0] != "_" and name not in modules]


@pytest.mark.parametrize("name", sorted(bridge.api._RETIRED))
def test_what_the_door_no_longer_has_is_still_understood_with_a_warning(name: str) -> None:
    with pytest.warns(DeprecationWarning, match=f"{name} is of no use to a plugin"):
        assert getattr(bridge.api, name).__name__ == name


def test_every_name_of_the_public_door_is_explained() -> None:
    for name in _offered():
        value = getattr(bridge.api, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__doc__, name


@pytest.mark.parametrize(
    "statement",
    [
        "import bridge.api, bridge.plugin",
        "import whmcs_source.plugin, kashflow_target.plugin",
        "import bridge.store, bridge.registry",
        "from bridge.cli.main import main; main(['plugins', 'list'])",
        "from bridge.cli.main import main; main(['--version'])",
    ],
)
def test_starting_loads_nothing_heavy(statement: str) -> None:
    assert _loaded(statement).isdisjoint(HEAVY)


def _exact_files() -> list[Path]:
    return sorted({path for pattern in EXACT for path in ROOT.glob(pattern)})


@pytest.mark.parametrize("path", _exact_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_float_comes_near_money(path: Path) -> None:
    """Seconds may be fractions; amounts may not."""
    tree = ast.parse(path.read_text())
    allowed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.keyword):
            target = (
                node.arg
                if isinstance(node, ast.keyword)
                else ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target)
            )
            if target in SECONDS or str(target).endswith("_s") or str(target).endswith("_S"):
                allowed.update(id(inner) for inner in ast.walk(node))
    for node in ast.walk(tree):
        is_float = isinstance(node, ast.Constant) and type(node.value) is float
        is_call = isinstance(node, ast.Call) and ast.unparse(node.func) == "float"
        if (is_float or is_call) and id(node) not in allowed:
            line = getattr(node, "lineno", 0)
            if "sleep" in path.read_text().splitlines()[line - 1]:
                continue
            pytest.fail(f"{path.name}:{line}: {ast.unparse(node)}")


def test_every_error_has_a_code_and_an_exit_code_of_its_own() -> None:
    from bridge.cli.exit_codes import EXIT_CODES

    def subclasses(of: type[BridgeError]) -> list[type[BridgeError]]:
        return [each for sub in of.__subclasses__() for each in (sub, *subclasses(sub))]

    errors = [each for each in subclasses(BridgeError) if each.__module__ == "bridge.errors"]
    codes = [each.code for each in errors]
    assert len(codes) == len(set(codes))
    for error in errors:
        assert error.exit_code in EXIT_CODES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_left_for_later(path: Path) -> None:
    found = LATER.findall(path.read_text())
    assert not found, f"{path}: {found}"


def test_plugins_have_one_name() -> None:
    """An editable install also makes `plugins.x` importable: a second copy of every class."""
    spelling = re.compile(r"(?:from|import) plugins[. ]|[\"']plugins\.(?:whmcs|kashflow)_")
    pages = [*SOURCES, *ROOT.glob("tests/**/*.py"), *ROOT.glob("tools/*.py")]
    found = [str(path) for path in pages if spelling.search(path.read_text())]
    assert not found


def _hooks() -> list[str]:
    return [name for name in vars(hookspecs) if name.startswith("bridge_")]


def test_there_are_hooks_to_test() -> None:
    assert len(_hooks()) == 6


@pytest.mark.parametrize("hook", _hooks())
def test_every_hook_is_answered_in_some_test(hook: str) -> None:
    """By a plugin that a test installs, or by one whose offer a contract test opens."""
    by_tests = [
        path
        for path in [*ROOT.glob("tests/**/*.py"), ROOT / "bridge/testing/memory/plugin.py"]
        if re.search(rf"@hookimpl\s+def {hook}\(", path.read_text())
    ]
    assert by_tests


@pytest.mark.parametrize("hook", _hooks())
def test_every_hook_is_explained_by_an_example_with_its_arguments(hook: str) -> None:
    function = getattr(hookspecs, hook)
    arguments = ", ".join(inspect.signature(function).parameters)
    assert f"def {hook}({arguments}):" in (inspect.getdoc(function) or "")
