"""Accounting choices stand under `books:`; where 0.1 had them is understood, and told."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from bridge.api import ConfigError
from bridge.config import load

OLD_PLACE = {"endpoint: sandbox": "endpoint: sandbox\n  price_reductions: credit_note"}
BOOKS = "books:\n  price_reductions: credit_note\n  books_closed_to: 2026-03-31\n"


def test_choices_are_read_for_any_target(write: Any, offers: Any) -> None:
    """The plugin's model knows nothing of them."""
    config = load(write({}, BOOKS), offers)
    books = config.settings.books
    assert (books.price_reductions, books.refund_to_balance) == ("credit_note", "hold")
    assert books.books_closed_to == dt.date(2026, 3, 31)
    assert config.shown()["books"]["price_reductions"] == "credit_note"
    assert not config.warnings


def test_the_old_place_is_understood_and_the_new_one_named(write: Any, offers: Any) -> None:
    config = load(write(OLD_PLACE), offers)
    assert config.settings.books.price_reductions == "credit_note"
    (warning,) = config.warnings
    assert warning.where == "bridge.yaml:8:3"
    assert warning.key == "target.price_reductions"
    assert "books.price_reductions" in warning.what
    assert "price_reductions" not in config.target.shown()
    assert load(write({}, BOOKS), offers).settings.books.price_reductions == "credit_note"


def test_both_places_may_say_the_same(write: Any, offers: Any) -> None:
    config = load(write(OLD_PLACE, BOOKS), offers)
    assert config.settings.books.price_reductions == "credit_note"
    assert [one.key for one in config.warnings] == ["target.price_reductions"]


def test_both_places_must_not_say_different_things(write: Any, offers: Any) -> None:
    """Which is meant is not guessed: both lines are named."""
    with pytest.raises(ConfigError) as caught:
        load(write(OLD_PLACE, "books: {price_reductions: hold}\n"), offers)
    (problem,) = caught.value.problems
    assert problem.where == "bridge.yaml:8:3"
    assert "books.price_reductions" in problem.what
    assert "line 13" in problem.what


@pytest.mark.parametrize("place", ["books", "target"])
def test_a_wrong_value_is_told_at_its_line(write: Any, offers: Any, place: str) -> None:
    if place == "books":
        path, line = write({}, "books:\n  when_closed: next_year\n"), 13
    else:
        path, line = write({"endpoint: sandbox": "endpoint: sandbox\n  when_closed: next_year"}), 8
    with pytest.raises(ConfigError) as caught:
        load(path, offers)
    (problem,) = caught.value.problems
    assert problem.where.startswith(f"bridge.yaml:{line}:")
    assert "'next_year' is not hold or first_open_day" in problem.what


def test_what_is_no_choice_is_not_a_setting(write: Any, offers: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write({}, "books: {price_reduction: hold}\n"), offers)
    assert "write 'price_reductions'" in caught.value.remedy


def test_open_choices_are_asked_of_any_target(write: Any, offers: Any) -> None:
    config = load(write({}, "books: {price_reductions: hold}\n"), offers)
    keys = [one.key for role, one in config.open_decisions() if role == "books"]
    assert keys == ["refund_to_balance", "cancelled_after_booking"]


def test_refunds_to_a_balance_need_a_place_for_balances(write: Any, offers: Any) -> None:
    """Asked of the target's own decisions: one of them says where balances are."""
    told = "books: {refund_to_balance: credit_note}\n"
    with pytest.raises(ConfigError) as caught:
        load(write({}, told), offers)
    (problem,) = caught.value.problems
    assert problem.where.startswith("bridge.yaml:12:")
    assert "target.balances" in problem.remedy
    load(write({"endpoint: sandbox": "endpoint: sandbox\n  balances: Balances"}, told), offers)


def test_the_shipped_file_of_0_1_means_what_it_meant(tmp_path: Path) -> None:
    from bridge.app import App

    path = tmp_path / "bridge.yaml"
    path.write_text(Path(__file__).with_name("bridge_0_1.yaml").read_text())
    old = App.open(path)
    warned = [one.key for one in old.config.warnings]
    assert warned == ["target.price_reductions", "target.cancelled_after_booking"]
    new = App.open(Path(__file__).resolve().parents[2] / "bridge.yaml")
    assert not new.config.warnings
    assert old.policy() == new.policy()
    assert old.policy().choices.price_reductions == "credit_note"
    assert old.config.shown()["books"] == new.config.shown()["books"]
    assert old.config.target.shown() == new.config.target.shown()
