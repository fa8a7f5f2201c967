"""Two versions of the source's values, compared for a person."""

from bridge.engine.explain.diff import changes

BEFORE = {"net": "100.00 GBP", "due": None, "lines": [{"type": "Hosting", "amount": "100.00 GBP"}]}


def test_equal_versions_have_nothing_to_tell() -> None:
    assert list(changes(BEFORE, dict(BEFORE))) == []


def test_each_value_is_named_with_what_it_was() -> None:
    after = {
        "net": "90.00 GBP",
        "due": "2026-04-01",
        "lines": [
            {"type": "Hosting", "amount": "80.00 GBP"},
            {"description": "Setup", "amount": "10.00 GBP"},
        ],
    }
    assert list(changes(BEFORE, after)) == [
        "net: was 100.00 GBP, is 90.00 GBP",
        "due: was empty, is 2026-04-01",
        "line 1, amount: was 100.00 GBP, is 80.00 GBP",
        "line 2: was not there, is Setup",
    ]


def test_lists_within_lists_keep_their_place() -> None:
    before = {"containers": [{"number": "9", "transactions": [{"id": "1", "fee": "0.00 GBP"}]}]}
    after = {"containers": [{"number": "9", "transactions": [{"id": "1", "fee": "1.00 GBP"}]}]}
    assert list(changes(before, after)) == [
        "mass payment 1, transaction 1, fee: was 0.00 GBP, is 1.00 GBP"
    ]


def test_what_went_away_is_told() -> None:
    assert list(changes(BEFORE, {**BEFORE, "lines": []})) == ["line 1: was there, is not there"]


def test_a_value_that_is_kept_no_more_and_was_empty_is_no_change() -> None:
    before = {**BEFORE, "tax_name2": "", "lines": []}
    assert list(changes(before, {"net": "100.00 GBP", "lines": []})) == []
