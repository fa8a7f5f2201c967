"""What a start costs beside that of a bare Typer program: the best of many, taken in turns."""

import compileall
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from benchmarks.children import BRIDGE, run
from benchmarks.harness import Figure, show, sized

TURNS = sized(15, 60)
BARE = """
import typer

app = typer.Typer()


@app.command()
def hello(name: str = "you") -> None:
    print(name)


app()
"""
ASKED: Mapping[str, Sequence[str]] = {
    "bridge --version": ("--version",),
    "bridge --help": ("--help",),
    "bridge plugins list": ("plugins", "list"),
    "bridge sync --help": ("sync", "--help"),
}


def measure(place: Path) -> list[Figure]:
    """Seconds of processor time; the clock would count what else the machine does."""
    (place / "bare.py").write_text(BARE, encoding="utf-8")
    commands = {"bare": (sys.executable, "bare.py"), "python": (sys.executable, "-c", "pass")}
    commands |= {name: (*BRIDGE, *arguments) for name, arguments in ASKED.items()}
    best = dict.fromkeys(commands, 1e9)
    for _ in range(TURNS):
        for name, command in commands.items():
            best[name] = min(best[name], run(command, place=place).processor_s)
    bare = best["bare"]
    return [
        Figure("python -c pass", 1000 * best["python"], "ms"),
        Figure(f"a bare program on Typer {typer.__version__}", 1000 * bare, "ms"),
        *(Figure(name, best[name] / bare, "x", at_most=1.5) for name in ASKED),
    ]


def main() -> None:
    """Compile first, as an installer does: a start that compiles is another measurement."""
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):
        for folder in ("bridge", "plugins"):
            compileall.compile_dir(folder, quiet=2)
    with TemporaryDirectory() as name:
        show(f"Start-up, the best of {TURNS}", measure(Path(name)))


if __name__ == "__main__":
    main()
