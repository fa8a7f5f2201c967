"""What a sandbox refuses, and what becomes of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kashflow_target.sandbox.driver import Driver
from kashflow_target.target import KashFlowTarget

from bridge.api import (
    AccessError,
    ConfigError,
    Days,
    Level,
    OutcomeUnknownError,
    RecordRejectedError,
    Survey,
    TransientError,
)
from bridge.testing.builders import (
    DAY,
    a_sale,
)

Work = Any  # of conftest.py
MakeTarget = Callable[..., KashFlowTarget]
MONTH = Days(DAY.replace(day=1), DAY.replace(day=30))


@pytest.mark.parametrize(
    ("switches", "kind", "words"),
    [
        ({"password": "another"}, AccessError, "target.password"),
        ({"allowed_addresses": "203.0.113.9"}, AccessError, "127.0.0.1"),
        ({"api": "off"}, AccessError, "API"),
        ({"api": "off", "api_off_text": "Computer says no"}, AccessError, "Computer says no"),
    ],
)
def test_a_login_that_is_refused_says_what_to_change(
    make_target: MakeTarget,
    tmp_path: Path,
    switches: dict[str, str],
    kind: type[Exception],
    words: str,
) -> None:
    """Also in words that nobody has seen before."""
    with Driver.at(tmp_path) as driver:
        driver.switch(**switches)
    with pytest.raises(kind) as caught:
        make_target().check()
    assert isinstance(caught.value, AccessError)
    assert words in caught.value.what + caught.value.remedy


def test_names_that_are_not_there_stop_the_run_before_a_write(
    make_target: MakeTarget, hands: Driver
) -> None:
    """Renamed, removed and archived things are told together."""
    hands.rename("method", "Credit Card", "Credit Cards")
    hands.remove("account", "PayPal EUR")
    hands.archive_nominal("Resale")
    made = make_target()
    with pytest.raises(ConfigError) as caught:
        made.prepare()
    problems = {problem.key: problem.remedy for problem in caught.value.problems}
    assert set(problems) == {
        "target.gateways.stripe.method",
        "target.gateways.paypal.currencies.EUR",
        "target.nominals.products.Reseller Gold",
    }
    assert "Credit Cards" in problems["target.gateways.stripe.method"]


def test_a_closed_period_is_recognised(target: KashFlowTarget, hands: Driver, work: Work) -> None:
    client, _ = work.booked()
    hands.switch(locked_to="2026-04-30")
    with pytest.raises(RecordRejectedError) as caught:
        target.create_invoice(work.sale(a_sale(502)), client=client)
    assert caught.value.reason == "period_locked"
    assert "books_closed_to" in caught.value.remedy


def test_a_status_of_its_own_is_neither_yes_nor_no(
    target: KashFlowTarget, hands: Driver, work: Work
) -> None:
    """It was done, and whoever took it for a refusal would do it twice."""
    payload = work.client()
    hands.switch(status_word="DONE")
    with pytest.raises(OutcomeUnknownError):
        target.create_client(payload)
    with pytest.raises(TransientError):
        list(target.clients())


def test_an_account_without_vat_stops_the_run(make_target: MakeTarget, hands: Driver) -> None:
    hands.switch(vat_registered="off")
    made = make_target()
    made.prepare()
    with pytest.raises(ConfigError):
        made.compose_invoice(a_sale())
    survey = Survey("GBP", ("GBP",), {}, tax_rates=("20.00",))
    [finding] = [each for each in made.assess(survey) if "VAT reg" in each.subject]
    assert finding.level is Level.ERROR


def test_a_slow_answer_runs_into_the_time_out(
    make_target: MakeTarget, hands: Driver, work_on: Any
) -> None:
    """It is given up after `timeout_s`, and may have been done."""
    made = make_target(timeout_s=1)
    made.prepare()
    payload = work_on(made).client()
    hands.plan([{"name": "InsertCustomer", "mode": "slow", "seconds": 1.5}])
    with pytest.raises(OutcomeUnknownError) as caught:
        made.create_client(payload)
    assert "within the time-out" in caught.value.what
