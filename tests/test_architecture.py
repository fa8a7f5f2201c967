"""The shape of the code: what is public, what loads what, and what never appears."""

import ast
import inspect
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import bridge.api
from bridge import hookspecs
from bridge.api import BridgeError

ROOT = Path(__file__).resolve().parent.parent


def _sources(root: Path) -> list[Path]:
    return sorted([*root.glob("bridge/**/*.py"), *root.glob("plugins/**/*.py")])


SOURCES = _sources(ROOT)
HEAVY = ("pydantic", "sqlalchemy", "zeep", "requests", "babel", "alembic", "lxml")
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
    UnreachableError UsageError client_ref code_of fingerprint hookimpl invoice_ref
    minor_digits money_fingerprint payment_ref refund_ref rounded spread token_at token_of total
    transaction_ref
"""
NO_MONEY = {
    "cutoff": "how alike two names are, for difflib",
    "max_refresh": "seconds, for rich",
    "seconds": "what a fault waits",
    "wait_initial": "seconds, for stamina",
    "wait_max": "seconds, for stamina",
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


def _is_no_money(name: str) -> bool:
    """Whether it is named for seconds, which may be fractions."""
    return name in NO_MONEY or name.lower().endswith("_s")


def _named(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """What gets a value here, and the value; a function's results stand under its name."""
    match node:
        case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=value):
            yield ast.unparse(target), value
        case ast.keyword(arg=str(name), value=value):
            yield name, value
        case ast.Call(args=[argument]):
            yield ast.unparse(argument).rpartition(".")[2], node
        case ast.FunctionDef(name=name, args=given, body=body):
            yield from ((name, inner) for one in body for inner in ast.walk(one))
            arguments = [*given.posonlyargs, *given.args]
            defaults = given.defaults
            without = len(arguments) - len(defaults)
            yield from zip((one.arg for one in arguments[without:]), defaults, strict=True)
            yield from zip((one.arg for one in given.kwonlyargs), given.kw_defaults, strict=True)


def _types(node: ast.AST) -> Iterator[ast.AST | None]:
    """Where `float` is the name of a type, and makes none."""
    match node:
        case ast.arg(annotation=kind) | ast.AnnAssign(annotation=kind):
            yield kind
        case ast.FunctionDef(returns=kind):
            yield kind
        case ast.Call(func=ast.Name("isinstance"), args=[_, kind]):
            yield kind


def _floats(path: Path) -> list[str]:
    """Each float of a module that is not named for seconds: a literal, or `float` as a function."""
    text = path.read_text()
    tree = ast.parse(text)
    allowed: set[int] = set()
    for node in ast.walk(tree):
        values = [value for name, value in _named(node) if _is_no_money(name)]
        for each in filter(None, [*values, *_types(node)]):
            allowed.update(id(inner) for inner in ast.walk(each))
    lines = text.splitlines()
    return [
        f"{path.name}:{node.lineno}: {lines[node.lineno - 1].strip()}"
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and type(node.value) is float)
        or (isinstance(node, ast.Name) and node.id == "float")
        if id(node) not in allowed and "sleep(" not in lines[node.lineno - 1]
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_float_comes_near_money(path: Path) -> None:
    """Seconds may be fractions, by their name; amounts may not, in whatever module they are."""
    assert _floats(path) == []


def test_the_money_guard_looks_into_every_folder_that_is_shipped() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    for package in wheel["targets"]["wheel"]["packages"]:
        shipped = {Path(folder) / name for folder, _, names in os.walk(ROOT / package)
                   for name in names if name.endswith(".py")}  # fmt: skip
        assert shipped
        assert {path.parent for path in shipped} <= {path.parent for path in SOURCES}
        assert shipped <= set(SOURCES)


def test_the_money_guard_finds_a_float_however_deep_it_lies(tmp_path: Path) -> None:
    for folder in (
        "bridge/engine",
        "bridge/new/deep/deeper",
        "plugins/shop/translate/parts",
    ):
        place = tmp_path / folder
        place.mkdir(parents=True)
        (place / "amounts.py").write_text("def tax(net):\n    return net * 0.1\n")
    found = [line for path in _sources(tmp_path) for line in _floats(path)]
    assert found == ["amounts.py:2: return net * 0.1"] * 3


@pytest.mark.parametrize(
    "line",
    [
        "total = float(row['total'])",
        "amounts = list(map(float, rows))",
        "pay(amount=9.99)",
        "def pay(amount: float = 0.0): ...",
        "class Line:\n    net: float = 1.5",
        "tax = net * 1e-2",
        "amount = prices.get('total', default=0.1)",
    ],
)
def test_the_money_guard_knows_a_float_in_each_form(tmp_path: Path, line: str) -> None:
    (tmp_path / "one.py").write_text(line + "\n")
    assert len(_floats(tmp_path / "one.py")) == 1


@pytest.mark.parametrize(
    "line",
    [
        "PATIENCE_S = 0.5",
        "get(address, wait_max=0.5)",
        "def wait(wait_s: float = 0.2) -> float: ...",
        "class Fault:\n    seconds: float = 0.0",
        "time.sleep(0.1)",
        "get(address, read=float(self._timeout_s))",
        "if isinstance(value, float): raise ValueError",
        "def retry_after_s(text: str) -> float:\n    return max(0.0, float(text))",
    ],
)
def test_the_money_guard_lets_seconds_be_fractions(tmp_path: Path, line: str) -> None:
    (tmp_path / "one.py").write_text(line + "\n")
    assert _floats(tmp_path / "one.py") == []


@pytest.mark.parametrize("name", NO_MONEY)
def test_the_money_guard_excepts_no_name_that_is_not_in_use(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delitem(NO_MONEY, name)
    assert any(_floats(path) for path in SOURCES)


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


OTHER_TEXT = {
    "bridge/model/keys.py": "the grammar itself",
    "bridge/engine/dry_run.py": "ids of the target that a dry run makes up",
    "bridge/engine/reconcile/log_view.py": "the source's own words",
}
ENDINGS = re.compile(
    r"/(?:balance|cancelled|credit|exchange|excess|fee|given|returned|reversed|undone)\b"
)
CARRIERS = re.compile(r"(?:\bref\.id|\btoken|\.reference|\.note)$")
CUTS = re.compile(r"[lr]?find|r?index|r?partition|r?split|remove\w+|(?:starts|ends)with")
PATTERNS = re.compile(r"match|fullmatch|search|findall|finditer|sub")


def _takes_a_key_apart(node: ast.AST) -> bool:
    """A piece of the grammar, or a call that cuts up what carries a key."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(ENDINGS.match(node.value))
    if isinstance(node, ast.JoinedStr):
        head = node.values[0]
        letter = isinstance(head, ast.Constant) and head.value in {"R", "T", "C"}
        return letter or ast.unparse(node).casefold().startswith("f'{label}-")
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    cut = [node.func.value] if CUTS.fullmatch(node.func.attr) else []
    searched = node.args if PATTERNS.fullmatch(node.func.attr) else []
    return any(CARRIERS.search(ast.unparse(text)) for text in (*cut, *searched))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_code_takes_a_key_apart(path: Path) -> None:
    found = [
        f"{path.name}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(path.read_text()))
        if _takes_a_key_apart(node)
    ]
    assert bool(found) is (str(path.relative_to(ROOT)) in OTHER_TEXT), found


@pytest.mark.parametrize(
    "code",
    [
        'f"T{row.id}/fee"',
        'f"{label}-{ref.id}"',
        'link.ref.id.endswith(("/exchange", "/given"))',
        'part.ref.id.startswith("T")',
        'payload.reference.partition(" ")[0]',
        "_KEY.match(payment.note)",
    ],
)
def test_what_takes_a_key_apart_is_found(code: str) -> None:
    assert any(map(_takes_a_key_apart, ast.walk(ast.parse(code))))
