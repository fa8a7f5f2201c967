"""The report as JSON lines."""

import json

from bridge.reports.jsonl import as_lines
from tests.engine.reconcile.company import Company


def test_the_last_json_line_is_the_summary(company: Company) -> None:
    company.bill(501)
    company.sync()
    lines = [json.loads(json.dumps(line)) for line in as_lines(company.reconcile())]
    assert all(line["type"] for line in lines)
    assert lines[-1]["type"] == "summary"
    assert lines[-1]["exit_code"] == 0
    assert lines[-1]["classes"] == {"matched": 2}
    [invoice] = [line for line in lines if line["type"] == "record" and line["kind"] == "invoice"]
    assert (invoice["billed"], invoice["class"], invoice["family"]) == (
        "120.00 GBP",
        "matched",
        "501",
    )
