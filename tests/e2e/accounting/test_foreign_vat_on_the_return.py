"""Foreign VAT that is kept apart agrees at both ends and reaches no box of the UK return."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bridge.cli.main import main
from tests.e2e.accounting.fixture import Stage, small_company


def reconciled(stage: Stage, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert main(["--config", str(stage.rig.file()), "--json", "reconcile"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_both_books_agree_and_box_1_knows_none_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as stack:
        stage = Stage(
            small_company(tmp_path / "company", stack),
            {
                "target.eu_consumer_vat": {"nominal": "OSS VAT"},
                "books.price_reductions": "credit_note",
            },
        )
        stage.sold("UK", client=stage.client())
        paid = stage.sold("French", client=stage.client(country="FR"), taxrate="20")
        stage.sync()
        stage.do("refund", transaction=paid, amount="30.00", date="2026-10-20")
        stage.sync(late=True)
        rows = reconciled(stage, capsys)
    records = [row for row in rows if row["type"] == "record" and row["class"] != "other"]
    assert records
    assert {row["class"] for row in records} == {"matched"}
    taxes = {
        (row["country"], row["code"]): (
            row["net"],
            row["tax"],
            row["on_return"],
        )
        for row in rows
        if row["type"] == "tax" and row["ours"]
    }
    assert taxes == {
        ("GB", "20 %"): ("100.00 GBP", "20.00 GBP", True),
        ("FR", "0 %"): ("75.00 GBP", "0.00 GBP", True),
        ("FR", "N/A"): ("0.00 GBP", "15.00 GBP", False),
    }
    (month,) = [row for row in rows if row["type"] == "return" and row["month"] == "2026-10"]
    assert (month["tax_due"], month["net_sales"]) == ("20.00 GBP", "175.00 GBP")
