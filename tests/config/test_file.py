"""What is read from a bridge.yaml that is right."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bridge.api import Problem
from bridge.config import load
from bridge.config.nodes import Node, Parser
from bridge.config.substitute import substitute

RUNNING = {"endpoint": "http://127.0.0.1:1/", "username": "u", "password": "p"}


def test_defaults_and_days(write: Any, offers: Any) -> None:
    config = load(write(), offers)
    assert config.settings.name == "books"
    assert config.settings.sync.start_date == dt.date(2025, 9, 1)
    assert config.settings.sync.batch_limit == 200
    assert config.warnings == ()


@pytest.mark.parametrize(
    ("document", "more", "warned"),
    [
        ("proforma", "  book_when: issued\n", ["bridge.yaml:12:3"]),
        ("vat_invoice", "  book_when: issued\n", []),
        ("vat_invoice", "  vat_scheme: cash\n", []),
        ("proforma", "  book_when: paid\n", []),
    ],
)
def test_proformas_that_would_be_booked_on_issue_are_warned_of(
    write: Any, offers: Any, document: str, more: str, warned: list[str]
) -> None:
    config = load(write({"proforma": document}, more), offers)
    assert [one.where for one in config.warnings] == warned


def test_numbers_are_numbers_and_countries_are_no_booleans(write: Any, offers: Any) -> None:
    """`NO` is Norway and `0400` no octal; a code is a number, whichever loader reads it."""
    config = load(write({"endpoint: sandbox": "endpoint: sandbox\n  countries: [NO, on]"}), offers)
    settings = config.target.validated(RUNNING)
    assert settings.accounts["card"].code == 1210
    assert settings.countries == ["NO", "on"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("0400", "0400"),
        ("1.50", Decimal("1.50")),
        ("12:30", "12:30"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("true", True),
        ("yes", "yes"),
        ("~", None),
        ("'12'", "12"),
        ("2026-04-01", "2026-04-01"),
        ('"true"', "true"),
    ],
)
def test_scalars_are_read_as_people_mean_them(written: str, read: object) -> None:
    parser = Parser("f")
    root = parser.parse(f"key: {written}\n")
    assert root is not None
    value = root.children["key"].value
    assert (type(value), value) == (type(read), read)


def test_a_password_of_digits_needs_no_quotes(write: Any, offers: Any) -> None:
    config = load(write({"${SHOP_SECRET}": "0012345678"}), offers)
    assert config.source.validated().secret.get_secret_value() == "0012345678"
    config = load(write({"${SHOP_SECRET}": "12345678"}), offers)
    assert config.source.validated().secret.get_secret_value() == "12345678"


def test_variables_and_files_are_put_in_anywhere(
    write: Any, offers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "word").write_text("from-a-file\n")
    monkeypatch.setenv("LIMIT", "7")
    path = write(
        {"https://shop.example": '"https://${file:word}.example/$${x}"'},
        "  batch_limit: ${LIMIT}\nname: a-${LIMIT}\n",
    )
    config = load(path, offers)
    assert config.source.validated().url == "https://from-a-file.example/${x}"
    assert config.settings.sync.batch_limit == 7
    assert config.settings.name == "a-7"


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_a_text_without_dollars_stays_as_it_is(text: str) -> None:
    problems: list[Problem] = []
    node = Node(text.replace("$", ""))
    assert substitute(node, file=Path("f"), problems=problems) is node
    assert not problems


@given(st.text(alphabet="${}aA_:/ ", max_size=30))
def test_whatever_stands_between_braces_is_put_in_or_told(text: str) -> None:
    """No text makes it crash, and none is silently half put in."""
    problems: list[Problem] = []
    result = substitute(Node(text, text=text), file=Path("/no/dir/f"), problems=problems)
    assert bool(problems) == result.unresolved
    if result.unresolved:
        assert result.value == text


def test_a_sandbox_needs_no_credentials_in_the_file(write: Any, offers: Any) -> None:
    """It is not started to check the file; what it supplies is put over what is written."""
    config = load(write(), offers)
    assert config.target.is_sandboxed
    assert not config.source.is_sandboxed
    settings = config.target.validated(RUNNING)
    assert (settings.endpoint, settings.username) == ("http://127.0.0.1:1/", "u")


def test_a_sandboxed_part_is_checked_all_the_same(write: Any, offers: Any) -> None:
    from bridge.api import ConfigError

    with pytest.raises(ConfigError) as caught:
        load(write({"accounts:": "acounts:"}), offers)
    told = {one.key for one in caught.value.problems}
    assert told == {"target.acounts", "target.accounts"}


def test_paths_begin_beside_the_file(write: Any, offers: Any, tmp_path: Path) -> None:
    config = load(write({}, "store: sqlite:///data/log.db\n"), offers)
    assert config.store_file == tmp_path / "data" / "log.db"
    assert config.sandbox_directory == tmp_path / "data" / ".bridge"
    config = load(write({}, "store: postgresql://db/books\n"), offers)
    assert config.store_file is None
    assert config.sandbox_directory == tmp_path / ".bridge"
