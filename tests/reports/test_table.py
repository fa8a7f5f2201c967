"""Tables of text: figures, sums and the width of the page."""

from decimal import Decimal

from bridge.api import Money
from bridge.reports.table import (
    WIDTH,
    Figure,
    ReportTable,
    by_currency,
    figure,
    summed_table,
    text_of_columns,
    text_of_table,
)
from bridge.testing.builders import eur, gbp

AMOUNTS = (("12100", "JPY"), ("-1234.5", "GBP"), ("0.25", "KWD"), ("0", "JPY"))
LINES: list[tuple[str, int, Figure]] = [
    ("2026-03", 1, gbp("1000.00")),
    ("2026-04", 2000, gbp("234.50")),
    ("2026-03", 3, gbp("0.50")),
    ("2026-03", 4, eur("7.00")),
]


def _place(line: tuple[str, int, Figure]) -> tuple[str, ...]:
    return (line[0], line[2].currency if isinstance(line[2], Money) else "GBP")


def _figures(line: tuple[str, int, Figure]) -> tuple[Figure, ...]:
    return line[1:]


def test_figures_have_the_digits_of_their_currency() -> None:
    shown = [figure(Money(Decimal(amount), code)) for amount, code in AMOUNTS]
    assert shown == ["12,100", "-1,234.50", "0.250", "0"]
    mixed = by_currency(Money(Decimal(amount), code) for amount, code in AMOUNTS)
    assert mixed == "-1,234.50 GBP and 12,100 JPY and 0.250 KWD"


def test_lines_of_one_place_are_one_row_and_each_currency_has_a_sum() -> None:
    columns = ("Month", "Cur", ">No.", ">Sum")
    table = summed_table("Sales", columns, LINES, _place, _figures, totals=True)
    assert table.rows == (
        ("2026-03", "GBP", "4", "1,000.50"),
        ("2026-04", "GBP", "2,000", "234.50"),
        ("2026-03", "EUR", "4", "7.00"),
        ("All", "EUR", "4", "7.00"),
        ("All", "GBP", "2,004", "1,235.00"),
    )
    assert table.last == 2


def test_a_figure_that_is_not_known_adds_nothing_and_is_said_alone() -> None:
    lines: list[tuple[str, int, Figure]] = [("a", 1, "not read"), ("b", 1, gbp("2.00"))]
    table = summed_table("", ("Who", "Cur"), lines, _place, _figures, totals=True)
    assert [row[-1] for row in table.rows] == ["not read", "2.00", "2.00"]
    table = summed_table("", ("Who", "Cur"), lines[:1], _place, _figures, totals=True)
    assert [row[-1] for row in table.rows] == ["not read", "not read"]


def test_a_table_without_lines_has_no_sum_and_says_nothing() -> None:
    table = summed_table("Sales", ("Month", "Cur"), [], _place, _figures, totals=True)
    assert (table.rows, table.last) == ((), 0)
    assert list(text_of_table(table)) == ["Sales", "Nothing."]


def test_figures_stand_flush_right_and_sums_below_a_rule() -> None:
    table = ReportTable("", ("Month", ">Sum"), (("2026-03", "1.00"), ("All", "12.00")), 1)
    assert list(text_of_table(table)) == [
        "Month      Sum",
        "2026-03   1.00",
        "--------------",
        "All      12.00",
    ]


def test_a_table_that_is_too_wide_folds_its_texts_and_never_its_figures() -> None:
    text = "some words of a sentence " * 8
    table = ReportTable("", ("No.", "Text", "Text", ">Sum"), (("1", text, text, "1" * 20),))
    lines = list(text_of_table(table))
    assert max(map(len, lines)) <= WIDTH
    assert lines[1].endswith("1" * 20)
    assert not any("1" in line for line in lines[2:])


def test_only_the_last_of_plain_columns_folds_and_long_words_stick_out() -> None:
    path = "/a/path/" + "x" * 90
    rows = [("  7", "word " * 20), ("100", path)]
    lines = list(text_of_columns(("Count", "What"), rows))
    assert lines[0] == "Count  What"
    assert lines[1] == "  7    " + " ".join(["word"] * 14)
    assert lines[2] == " " * 7 + " ".join(["word"] * 6)
    assert lines[3] == f"100    {path}"
