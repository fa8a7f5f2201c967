"""Customers on a sandbox: found, made, brought up to date, adopted."""

from collections.abc import Callable
from typing import Any

import pytest
from kashflow_target.sandbox.driver import Driver
from kashflow_target.target import KashFlowTarget

from bridge.api import AccessError, Days, RecordRejectedError, TargetRef
from bridge.testing.builders import (
    DAY,
    a_client,
)
from tests.kashflow_target.sandbox_books import SandboxBooks

Work = Any  # of conftest.py
MakeTarget = Callable[..., KashFlowTarget]
MONTH = Days(DAY.replace(day=1), DAY.replace(day=30))


@pytest.mark.parametrize("miss", ["refuse", "empty", "blank"])
def test_a_client_that_is_not_there_is_none_however_kashflow_says_so(
    target: KashFlowTarget, hands: Driver, miss: str, work: Work
) -> None:
    """But a refused login is never "not there", or it would be made twice."""
    hands.switch(customer_miss=miss)
    payload = work.client()
    assert target.find_client(payload) is None
    made = target.create_client(payload)
    assert target.find_client(payload) == made
    hands.switch(password="another")
    with pytest.raises(AccessError):
        target.find_client(payload)


def test_a_code_that_exists_is_refused(
    target: KashFlowTarget, stands: SandboxBooks, work: Work
) -> None:
    payload = work.client()
    target.create_client(payload)
    with pytest.raises(RecordRejectedError) as caught:
        target.create_client(payload)
    assert "not unique" in caught.value.text
    assert len([each for each in stands.customers() if each.code == "MEM31"]) == 1


@pytest.mark.parametrize("missing", ["keep", "blank"])
def test_an_update_keeps_what_is_not_ours(
    target: KashFlowTarget, hands: Driver, stands: SandboxBooks, missing: str, work: Work
) -> None:
    """Whatever KashFlow does with a text that is not sent: terms, notes and own fields stay."""
    hands.switch(update_blank_missing=missing)
    made = target.create_client(work.client())
    hands.edit_customer(int(made.id), Notes="Rings first", PaymentTerms="30", ExtraText1="VIP",
                        Website="acme.example", CheckBox3="1")  # fmt: skip
    hands.forget_calls()
    target.update_client(made, work.client(a_client(company="Acme Ltd", phone="")))
    assert hands.calls() == ["GetCustomerByID", "UpdateCustomer"]
    [shown] = [each for each in stands.customers() if each.id == int(made.id)]
    assert (shown.name, shown.code, shown.fields["Telephone"]) == ("Acme Ltd", "MEM31", "")
    kept = {name: shown.fields[name] for name in ("Notes", "PaymentTerms", "ExtraText1", "Website")}
    assert kept == {
        "Notes": "Rings first",
        "PaymentTerms": "30",
        "ExtraText1": "VIP",
        "Website": "acme.example",
    }
    assert shown.fields["CheckBox3"] == "1"


def harbour(target: KashFlowTarget) -> TargetRef:
    return next(each.ref for each in target.clients() if each.key == "HAR01")


def test_adopting_changes_one_field(
    target: KashFlowTarget, stands: SandboxBooks, work: Work
) -> None:
    """Code, name, terms and notes stay a person's; a second time there is nothing to do."""
    before = {each.code: each.fields for each in stands.customers()}["HAR01"]
    client = harbour(target)
    target.adopt_client(client, work.client())
    after = {each.code: each.fields for each in stands.customers()}["HAR01"]
    unset = {"0", "0.0000", "false", ""}  # what a field is that was never sent
    changed = {name for name, text in after.items() if text != before.get(name)}
    told = {name for name in changed if name in before or after[name] not in unset}
    assert told - {"Updated"} == {"ExtraText20"}
    assert after["ExtraText20"] == "MEM-31"
    calls = len(stands.calls())
    target.adopt_client(client, work.client())
    assert stands.calls()[calls:] == ["GetCustomerByID"]


def test_adopting_never_overwrites_a_persons_text(
    target: KashFlowTarget, hands: Driver, stands: SandboxBooks, work: Work
) -> None:
    client = harbour(target)
    hands.edit_customer(int(client.id), ExtraText20="Fleet card 7")
    with pytest.raises(RecordRejectedError) as caught:
        target.adopt_client(client, work.client())
    assert "Fleet card 7" in caught.value.what
    assert "reference_field" in caught.value.remedy
    [shown] = [each for each in stands.customers() if each.code == "HAR01"]
    assert shown.fields["ExtraText20"] == "Fleet card 7"


def test_a_customer_that_is_gone_is_told_as_such(
    target: KashFlowTarget, hands: Driver, work: Work
) -> None:
    made = target.create_client(work.client())
    hands.delete_customer(int(made.id))
    with pytest.raises(RecordRejectedError) as caught:
        target.update_client(made, work.client())
    assert caught.value.reason == "remote_missing"


def test_what_is_listed_equals_what_would_be_sent(target: KashFlowTarget, work: Work) -> None:
    """So that the core sees what changed, and nothing else."""
    payload = work.client()
    made = target.create_client(payload)
    [listed] = [each for each in target.clients() if each.ref == made]
    assert listed.body == payload.body
    assert (listed.key, listed.reference, listed.currency) == ("MEM31", "MEM-31", "GBP")
    assert listed.emails == ("accounts@client31.example",)


def test_several_addresses_in_one_field_are_several(
    target: KashFlowTarget, hands: Driver, work: Work
) -> None:
    made = target.create_client(work.client())
    hands.edit_customer(int(made.id), Email="A@x.example; b@x.example,c@x.example")
    [listed] = [each for each in target.clients() if each.ref == made]
    assert listed.emails == ("a@x.example", "b@x.example", "c@x.example")
