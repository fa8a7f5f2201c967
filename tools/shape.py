"""Measures the structure of the code and prints it as Markdown, or as JSON with `--json`.

    python tools/shape.py [--at CHECKOUT] [--json]

How each figure is counted, sandboxes and the test kit included unless said otherwise:

- A package is a folder with Python files in `bridge/`, `plugins/*_source` or `plugins/*_target`.
- Lines are the line ends of its `*.py` files, as `wc -l` counts them: 51,511 at f420972. (51,196
  without `bridge/store/migrations`, which an earlier round figure of 51,200 is nearest to; 52,897
  with the WSDL, the HTML template and the list of countries.) Code is the lines that are left
  without blank lines, comments and docstrings.
- Files of one invoice are those in which a function runs between the begin of preparing it and its
  entry being recorded as done, in any thread, while `bridge sync --invoice` books an invoice of a
  client that the run before has booked: one document and one payment, over both sandboxes. What
  a sandbox runs is left out, and so is what runs only because a file is being imported.
- A class name counts when two modules or more define a public top-level class of that name.
- A module stem counts when more than two packages have a file of that name. `__init__` and
  `__main__` are prescribed by Python and not counted; `plugin`, a convention of ours, is.
- A module `bridge/engine/a/b.py` is mirrored by `tests/engine/a/test_b.py` and `test_b_*.py`. Where
  `b_c.py` is a module too, `test_b_c*.py` mirrors that one alone.
"""

import argparse
import ast
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from tokenize import COMMENT, DEDENT, ENDMARKER, INDENT, NEWLINE, NL, generate_tokens
from types import FrameType
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent

LIMITS = {"lines": 50_000, "invoice files": 79, "class names": 9, "stems": 4, "unmirrored": 34}
"""The most that each of `figures` may be."""

WARM, MEASURED = "1014", "1034"
"""Invoices of one client of the sandbox: what is booked first, and what is booked and measured."""

BEGINS = {
    ("bridge/engine/prepare/prepare.py", "Preparer.prepare"),
    ("bridge/engine/prepare.py", "Preparer.prepare"),  # until the engine had packages
}
ENDS = {
    ("bridge/engine/write/entry_states.py", "EntryRecorder.done"),
    ("bridge/engine/tell.py", "Teller.done"),  # until the engine had packages
}

_FUNCTION = 0x01  # CO_OPTIMIZED: neither a module's nor a class's body
_NO_CODE = {COMMENT, DEDENT, ENDMARKER, INDENT, NEWLINE, NL}

Trace = dict[str, list[str]]
"""Files of ours that ran: `run` in the whole command, `invoice` while the invoice was booked."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many files and lines something has; `code` leaves out blanks, comments, docstrings."""

    files: int
    lines: int
    code: int


@dataclass(frozen=True, slots=True)
class Shape:
    """What can be measured without running anything. Paths are relative to the checkout.

    Attributes:
        classes: The modules that define a public class, by its name.
        stems: The packages that have a module, by its stem.
    """

    packages: dict[str, Size]
    totals: dict[str, Size]
    classes: dict[str, list[str]]
    stems: dict[str, list[str]]
    unmirrored: list[str]


def measure(at: Path) -> Shape:
    """Returns the shape of the checkout `at`."""
    roots = [at / "bridge", *at.glob("plugins/*_source"), *at.glob("plugins/*_target")]
    packages: dict[str, list[Size]] = defaultdict(list)
    classes: dict[str, list[str]] = defaultdict(list)
    stems: dict[str, list[str]] = defaultdict(list)
    for path in sorted(path for root in roots for path in root.rglob("*.py")):
        name = path.relative_to(at).as_posix()
        text = path.read_text()
        tree = ast.parse(text)
        package = path.parent.relative_to(at).as_posix()
        packages[package].append(Size(1, text.count("\n"), _code_lines(text, tree)))
        for made in {node.name for node in tree.body if isinstance(node, ast.ClassDef)}:
            if not made.startswith("_"):
                classes[made].append(name)
        if path.stem not in {"__init__", "__main__"}:
            stems[path.stem].append(package)
    sizes = {package: _sum(files) for package, files in sorted(packages.items())}
    parts = {
        top: _sum([size for package, size in sizes.items() if package.split("/")[0] == top])
        for top in ("bridge", "plugins")
    }
    engine = sorted(at.glob("bridge/engine/**/*.py"))
    return Shape(
        sizes,
        parts | {"together": _sum(list(parts.values()))},
        {name: places for name, places in sorted(classes.items()) if len(places) > 1},
        {stem: places for stem, places in sorted(stems.items()) if len(places) > 2},
        [path.relative_to(at).as_posix() for path in engine if not _is_mirrored(path, at)],
    )


def _sum(sizes: list[Size]) -> Size:
    return Size(*(sum(getattr(size, name) for size in sizes) for name in Size.__slots__))


def _code_lines(text: str, tree: ast.Module) -> int:
    """Returns how many lines hold code; a string that is a statement is a docstring."""
    lines: set[int] = set()
    for token in generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str()), lineno=first, end_lineno=int(last)):
                lines.difference_update(range(first, last + 1))
    return len(lines)


def _is_mirrored(module: Path, at: Path) -> bool:
    """Reports whether a test file mirrors `module` rather than one of a longer name beside it.

    An `__init__` needs none.
    """
    if module.stem == "__init__":
        return True
    longer = [other.stem for other in module.parent.glob(f"{module.stem}_*.py")]
    tests = at / "tests" / module.parent.relative_to(at / "bridge")
    return any(
        _matches(test.stem, module.stem) and not any(_matches(test.stem, name) for name in longer)
        for test in tests.glob("test_*.py")
    )


def _matches(test: str, module: str) -> bool:
    return test == f"test_{module}" or test.startswith(f"test_{module}_")


def trace(at: Path) -> Trace:
    """Books two invoices of one client in a temporary folder and returns what the second ran.

    Raises:
        SystemExit: A run failed, or the window's names in `BEGINS` and `ENDS` do not fit the tree.
    """
    settings = yaml.safe_load((at / "bridge.yaml").read_text())
    # Whatever the file has become, nothing but sandboxes may be written to.
    settings["store"] = "sqlite:///bridge.db"
    settings["source"]["url"] = settings["target"]["endpoint"] = "sandbox"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bridge.yaml").write_text(yaml.safe_dump(settings))
        _sync(at, folder, WARM)
        made, ran = _sync(at, folder, MEASURED)
    if (made["clients"], made["invoices"], made["payments"]) != (0, 1, 1):
        sys.exit(f"invoice {MEASURED} is not of a known client, paid once: it created {made}")
    if not ran["invoice"]:
        sys.exit("the invoice was booked unseen: name the functions in BEGINS and ENDS")
    return ran


def _sync(at: Path, folder: str, invoice: str) -> tuple[dict[str, int], Trace]:
    """Runs one sync in a process of its own; returns what it created and what ran."""
    paths = os.pathsep.join([str(at), str(at / "plugins")])
    environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, __file__, "--at", str(at), "--traced", invoice]
    told = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if told.returncode != 0:
        sys.exit(f"`bridge sync --invoice {invoice}` failed: {told.stderr or told.stdout}")
    summary = json.loads(told.stdout.splitlines()[-1])
    return summary["created"], json.loads(Path(folder, "trace.json").read_text())


def _traced_sync(at: Path, invoice: str) -> int:
    """Runs one sync in this process, writes `trace.json` and returns the exit code."""
    from bridge.cli.main import main

    profile = _Profile(at)
    threading.setprofile(profile.see)
    sys.setprofile(profile.see)
    code = main(["--json", "--config", "bridge.yaml", "sync", "--invoice", invoice])
    sys.setprofile(None)
    ended = profile.seen_invoice if profile.has_ended else set()
    Path("trace.json").write_text(
        json.dumps({"run": sorted(profile.seen), "invoice": sorted(ended)})
    )
    return code


class _Profile:
    """Notes the files of a checkout in which functions are called, in every thread."""

    def __init__(self, at: Path) -> None:
        self.seen: set[str] = set()
        self.seen_invoice: set[str] = set()
        self.has_ended = False
        self._is_within = False
        self._ours = tuple(f"{at / top}{os.sep}" for top in ("bridge", "plugins"))
        self._skipped = len(str(at)) + 1

    def see(self, frame: FrameType, event: str, _argument: Any) -> None:
        """Called by Python at each call and return."""
        code = frame.f_code
        if event not in {"call", "return"} or not code.co_filename.startswith(self._ours):
            return
        name = code.co_filename[self._skipped :]
        place = (name, code.co_qualname)
        if event == "return":
            if self._is_within and place in ENDS:
                self._is_within, self.has_ended = False, True
            return
        if place in BEGINS and not self.has_ended:
            self._is_within = True
        noted = self.seen_invoice if self._is_within else self.seen
        if name not in noted and self._counts(frame):
            self.seen.add(name)
            noted.add(name)

    def _counts(self, frame: FrameType) -> bool:
        """Reports whether it is a function that no sandbox and no import has called."""
        if not frame.f_code.co_flags & _FUNCTION:
            return False
        inner: FrameType | None = frame
        while inner is not None:
            code, inner = inner.f_code, inner.f_back
            if not code.co_filename.startswith(self._ours):
                continue
            name = code.co_filename[self._skipped :]
            if code.co_name == "<module>" or "sandbox" in Path(name).parts:
                return False
        return True


def figures(shape: Shape, ran: Trace) -> dict[str, int]:
    """Returns the figures that have a limit."""
    return {
        "lines": shape.totals["together"].lines,
        "invoice files": len(ran["invoice"]),
        "class names": len(shape.classes),
        "stems": len(shape.stems),
        "unmirrored": len(shape.unmirrored),
    }


def as_markdown(shape: Shape, ran: Trace) -> str:
    """Returns the tables, then the lists with their figures."""
    most = [f"| {name} | {n:,} | {LIMITS[name]:,} |" for name, n in figures(shape, ran).items()]
    sizes = {**shape.packages, **{f"**{name}**": size for name, size in shape.totals.items()}}
    rows = [f"| {name} | {s.files} | {s.lines:,} | {s.code:,} |" for name, s in sizes.items()]
    lists = {
        f"Files that run in the whole of `bridge sync --invoice {MEASURED}`": ran["run"],
        f"Files that run for invoice {MEASURED} itself, its client known": ran["invoice"],
        "Public class names of more than one module": _placed(shape.classes),
        "Module stems of more than two packages": _placed(shape.stems),
        "Modules of the engine without a mirrored test": shape.unmirrored,
    }
    lines = ["| figure | now | at most |", "|---|---:|---:|", *most, ""]
    lines += ["| package | files | lines | code |", "|---|---:|---:|---:|", *rows]
    for title, found in lists.items():
        lines += ["", f"{title}: {len(found)}", "", *(f"- {one}" for one in found)]
    return "\n".join(lines)


def _placed(found: dict[str, list[str]]) -> list[str]:
    return [f"{name}: {', '.join(places)}" for name, places in found.items()]


def main() -> int:
    """Prints what is asked for; returns the exit code."""
    parser = argparse.ArgumentParser(description="Measures the structure of the code.")
    parser.add_argument("--at", type=Path, default=ROOT, help="another checkout than this one")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--traced", help=argparse.SUPPRESS)  # how the script calls itself
    asked = parser.parse_args()
    at = asked.at.resolve()
    if asked.traced:
        return _traced_sync(at, asked.traced)
    shape, ran = measure(at), trace(at)
    if asked.json:
        told = {"figures": figures(shape, ran), "limits": LIMITS, "trace": ran}
        print(json.dumps(told | asdict(shape), indent=1))
    else:
        print(as_markdown(shape, ran))
    return 0


if __name__ == "__main__":
    sys.exit(main())
