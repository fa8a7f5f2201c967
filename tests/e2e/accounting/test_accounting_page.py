"""What docs/accounting.md names exists: cases, settings, switches of the sandboxes, reasons."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from kashflow_target.sandbox.switches import SWITCHES as KASHFLOW
from kashflow_target.settings.settings import KashFlowSettings
from pydantic import BaseModel
from whmcs_source.sandbox.switches import SWITCHES as WHMCS

from bridge.api import Reason
from bridge.config.models import Settings
from tests.e2e.accounting import accounting_md as page

_SHAPES = 32


def _table(heading: str) -> list[list[str]]:
    """The first table below a heading, without its head."""
    (body,) = re.findall(rf"^## \d+\. {heading}\n(.*?)(?=^## |\Z)", page.PAGE.read_text(), _BODY)
    rows = [line for line in body.split("\n#")[0].splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[1:]]


_BODY = re.MULTILINE | re.DOTALL


def _words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_shape_has_a_case() -> None:
    rows = _table("Shapes of WHMCS data")
    assert len(rows) == _SHAPES
    assert {word for row in rows for word in _words(row[1])} <= page.cases().keys()


GUESSES = _table("Confirm on your own account")


def test_a_guess_is_decided_by_a_setting_or_played_by_a_switch() -> None:
    for what, setting, _, switch, *_ in GUESSES:
        assert setting != "-" or switch != "-", what


@pytest.mark.parametrize("path", sorted({word for row in GUESSES for word in _words(row[1])}))
def test_every_setting_of_a_guess_exists(path: str) -> None:
    section, *keys = path.split(".")
    model: Any = (
        KashFlowSettings if section == "target" else Settings.model_fields[section].annotation
    )
    for key in keys:
        assert key in model.model_fields, path
        model = next(_models(model.model_fields[key].annotation), None)


def _models(kind: Any) -> Iterator[Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for part in get_args(kind):
        yield from _models(part)


@pytest.mark.parametrize("path", sorted({word for row in GUESSES for word in _words(row[1])}))
def test_the_default_of_a_setting_is_the_one_that_is_told(path: str) -> None:
    section, *keys = path.split(".")
    (told,) = {row[2] for row in GUESSES if path in _words(row[1])}
    model: Any = (
        KashFlowSettings if section == "target" else Settings.model_fields[section].annotation
    )
    for key in keys[:-1]:
        model = next(_models(model.model_fields[key].annotation))
    field = model.model_fields[keys[-1]]
    if field.is_required():
        assert told == "**required**"
    elif isinstance(field.default, str):
        assert _words(told) == [field.default]
    else:
        assert not _words(told) or _words(told)[0] in {"hold", "uk"}, told


def test_every_switch_of_a_guess_exists() -> None:
    named = {word for row in GUESSES for word in _words(row[3])}
    assert named <= {*KASHFLOW, *WHMCS}


def test_every_reason_exists() -> None:
    reasons = {reason.value for reason in Reason}
    named = {word for row in GUESSES for word in re.findall(r"`(\w+_\w+)`", row[4])}
    assert named <= reasons
    assert set(re.findall(r"reasons\.md#(\w+)", page.PAGE.read_text())) <= reasons
