"""`bridge init` at a terminal, against both sandboxes."""

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pytest
import yaml
from kashflow_target.sandbox.factory import sandbox as kashflow_sandbox
from whmcs_source.sandbox.factory import sandbox as whmcs_sandbox

from tests.commands import run_bridge

PROMPT = re.compile(r"(?:^|\n)[^\n]*: $")
LONG_S = 60
# What a person answers where Enter takes nothing.
USUAL = {
    "source.url": "sandbox",
    "target.endpoint": "sandbox",
    "Which sales type do lines take": "Web Hosting",
}


def _own_terminal() -> None:
    """Let Ctrl-C on it reach the command, also where the tests run in the background.

    A shell has what it starts there ignore the signal, and that is inherited.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """The command on a pseudo-terminal of its own, and what it has shown."""

    def __init__(self, place: Path, environment: Mapping[str, str]) -> None:
        self.screen = ""
        self._keyboard, far = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bridge.cli", "init"],
            cwd=place,
            stdin=far,
            stdout=far,
            stderr=far,
            start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509  # no thread of ours holds a lock
            env={**os.environ, "NO_COLOR": "1", **environment},
        )
        os.close(far)

    def question(self) -> str | None:
        """What it asks next, from the answer before on; None when it has ended."""
        begun = len(self.screen)
        end = time.monotonic() + LONG_S
        while time.monotonic() < end:
            if PROMPT.search(self.screen[begun:]):
                return self.screen[begun:]
            if select.select([self._keyboard], [], [], 0.1)[0]:
                try:
                    self.screen += os.read(self._keyboard, 65536).decode().replace("\r\n", "\n")
                except OSError:  # its end of the terminal is closed
                    return None
        pytest.fail(f"nothing was asked in {LONG_S} seconds: {self.screen[-500:]}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._keyboard)

    def type(self, keys: str) -> None:
        os.write(self._keyboard, keys.encode())

    def interrupt(self) -> int:
        """Press Ctrl-C until it ends, as a person would; returns the exit code.

        A signal that comes between the prompt and the read behind it is noticed after the read
        (CPython looks for signals between its own instructions, not before a system call).
        """
        end = time.monotonic() + LONG_S
        while time.monotonic() < end:
            self.type("\x03")
            until = time.monotonic() + 1
            while time.monotonic() < until:
                if select.select([self._keyboard], [], [], 0.1)[0]:
                    try:
                        self.screen += os.read(self._keyboard, 65536).decode().replace("\r\n", "\n")
                    except OSError:  # its end of the terminal is closed
                        return self.end()
        pytest.fail(f"it did not end in {LONG_S} seconds: {self.screen[-500:]}")

    def end(self) -> int:
        return self._process.wait(timeout=LONG_S)


def _answer(asked: str, answers: Mapping[str, str]) -> str:
    """The answer for the words of a question: a label becomes its number."""
    asked = asked[asked.find("\n") + 1 :]  # what was typed before is echoed first
    for words, answer in answers.items():
        if words in asked:
            numbered = re.findall(r"^ +(\d+)  (.*)$", asked, re.MULTILINE)
            return next((number for number, label in numbered if label.startswith(answer)), answer)
    return ""


def _converse(
    place: Path, answers: Mapping[str, str], environment: Mapping[str, str] | None = None
) -> tuple[str, int]:
    with Terminal(place, environment or {}) as terminal:
        while (asked := terminal.question()) is not None:
            terminal.type(_answer(asked, {**answers, **USUAL}) + "\n")
        return terminal.screen, terminal.end()


def _bridge(
    place: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return run_bridge(place, *arguments, environment=environment)


def test_answers_become_a_file_that_is_in_order(tmp_path: Path) -> None:
    screen, code = _converse(
        tmp_path,
        {
            "What are payments by Credit/Debit Card": "a payment method",
            "As which payment method?": "Credit Card",
            "On which bank account?": "Card Clearing",
            "What are payments by Bank Transfer": "a bank feed",
            "Refunds that lower": "a credit note",
            "Start date": "2026-04-01",
        },
    )
    assert code == 0, screen
    assert max(len(line) for line in screen.splitlines() if "[" not in line) <= 80
    text = (tmp_path / "bridge.yaml").read_text()
    written = yaml.safe_load(text)
    assert written["target"]["gateways"] == {
        "banktransfer": "bank_feed",
        "stripe": {"method": "Credit Card", "account": "Card Clearing"},
    }
    assert written["books"] == {"price_reductions": "credit_note"}
    assert "fees" not in written["target"]
    assert "# Payments of which the gateway kept a fee? hold it for now" in text
    assert str(written["sync"]["start_date"]) == "2026-04-01"
    checked = _bridge(tmp_path, "validate-config", "--live")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "ok       gateway stripe" in checked.stdout
    assert "open     target.fees" in checked.stdout
    assert "open     books.cancelled_after_booking" in checked.stdout
    assert "open     books.price_reductions" not in checked.stdout


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    with Terminal(tmp_path, {}) as terminal:
        for _ in range(4):
            asked = terminal.question()
            assert asked is not None
            terminal.type(_answer(asked, USUAL) + "\n")
        terminal.question()
        assert terminal.interrupt() == 130
    assert "Interrupted: nothing was written." in terminal.screen
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "bridge.yaml").write_text("# mine\n")
    found = _bridge(tmp_path, "init")
    assert found.returncode == 2
    assert "is there already, and is not overwritten" in " ".join(found.stderr.split())
    assert (tmp_path / "bridge.yaml").read_text() == "# mine\n"


def test_answers_that_end_too_early_write_nothing(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "bridge.cli", "init"],
        cwd=tmp_path,
        input="sandbox\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG_S,
    )
    assert found.returncode == 2
    assert "the answers ended before the questions did" in " ".join(found.stderr.split())
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    """Both stand-ins at addresses of their own, as real systems are."""
    far = tmp_path / "far"
    far.mkdir()
    with ExitStack() as stack:
        yield (
            stack.enter_context(whmcs_sandbox(far)).settings,
            stack.enter_context(kashflow_sandbox(far)).settings,
        )


def test_secrets_are_written_as_variables_and_shown_nowhere(
    tmp_path: Path, ends: tuple[Any, Any]
) -> None:
    whmcs, kashflow = ends
    place = tmp_path / "here"
    place.mkdir()
    passed = iter(["wrong", kashflow["password"]])
    typed = {
        "source.url": whmcs["url"],
        "identifier": whmcs["identifier"],
        "target.endpoint": kashflow["endpoint"],
        "username": kashflow["username"],
        "Which sales type do lines take": "Web Hosting",
    }
    with Terminal(place, {"WHMCS_SECRET": whmcs["secret"]}) as terminal:
        while (asked := terminal.question()) is not None:
            hidden = "(not shown)" in asked
            terminal.type((next(passed) if hidden else _answer(asked, typed)) + "\n")
        assert terminal.end() == 0, terminal.screen
    assert "Error [access]" in terminal.screen  # the first password
    text = (place / "bridge.yaml").read_text()
    written = yaml.safe_load(text)
    assert written["source"]["secret"] == "${WHMCS_SECRET}"
    assert written["target"]["password"] == "${KASHFLOW_PASSWORD}"
    for secret in (whmcs["secret"], kashflow["password"]):
        assert secret not in text + terminal.screen
    environment = {"WHMCS_SECRET": whmcs["secret"], "KASHFLOW_PASSWORD": kashflow["password"]}
    assert _bridge(place, "validate-config", "--live", environment=environment).returncode == 0
