"""What stands in the target already is found by its key, and each day is looked at once."""

import datetime as dt

import pytest

from bridge.api import Hold
from bridge.engine.context import NoProgress
from bridge.engine.decide.client_match import Adopt, Create, Ours
from bridge.engine.write.lookup import Lookup
from bridge.testing.builders import DAY, a_client, an_invoice, gbp
from tests.engine.one_worker import OneWorker


@pytest.fixture
def lookup(one: OneWorker) -> Lookup:
    return Lookup(one.target, one.log, "MEM", one.now.date())


def add(one: OneWorker, reference: str, date: dt.date = DAY) -> str:
    """A document that the log does not know."""
    client = next(iter(one.books.clients), None) or one.books.add_client({"name": "Acme"})
    return one.books.add_document(client, reference=reference, date=date, currency="GBP", lines=())


def test_documents_of_ours_on_a_day_are_found_by_token_and_others_passed_over(
    one: OneWorker, lookup: Lookup
) -> None:
    number = add(one, "MEM-501 F501")
    add(one, "by hand")
    assert lookup.around([DAY]) == 1
    assert [row.target.id for row in lookup.there(["MEM-501"])["MEM-501"]] == [number]
    assert lookup.there(["MEM-502"]) == {}


def test_what_the_log_links_is_no_stranger(one: OneWorker, lookup: Lookup) -> None:
    one.write(an_invoice())
    assert lookup.around([DAY]) == 0
    assert lookup.there(["MEM-501"]) == {}


def test_a_day_is_read_once_a_run(one: OneWorker, lookup: Lookup) -> None:
    lookup.around([DAY])
    lookup.around([DAY])
    assert one.books.calls["documents"] == 1
    lookup.around([DAY + dt.timedelta(days=40)])
    assert one.books.calls["documents"] == 2


def test_a_movement_of_ours_is_found_by_its_token(one: OneWorker, lookup: Lookup) -> None:
    one.books.add_movement(reference="MEM-T900/fee", date=DAY, amount=gbp("-1.95"), account="Fees")
    lookup.movements_around([DAY])
    assert list(lookup.there(["MEM-T900/fee"])) == ["MEM-T900/fee"]


def test_a_sweep_finds_what_stands_on_any_day_and_is_due_once_a_log(
    one: OneWorker, lookup: Lookup
) -> None:
    assert lookup.sweep_is_due()
    add(one, "MEM-501", DAY - dt.timedelta(days=200))
    lookup.sweep(DAY - dt.timedelta(days=200), NoProgress(), one.stop)
    assert lookup.swept
    assert not lookup.sweep_is_due()
    assert list(lookup.there(["MEM-501"])) == ["MEM-501"]


def test_a_sweep_that_was_stopped_is_still_due(one: OneWorker, lookup: Lookup) -> None:
    one.stop.requested = True
    lookup.sweep(DAY, NoProgress(), one.stop)
    assert not lookup.swept
    assert lookup.sweep_is_due()


def test_the_latest_days_reach_a_week_before_the_run_before(one: OneWorker, lookup: Lookup) -> None:
    assert len(lookup.lately()) == 63  # no run came before: two months
    one.log.start_run("sync", version="0", settings_digest="")
    later = Lookup(one.target, one.log, "MEM", one.run.started.date())
    assert later.lately()[0] == one.run.started.date() - dt.timedelta(days=7)


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"name": "Somebody else"}, Create),
        ({"name": "Acme Widgets Ltd", "email": "a@acme.example"}, Adopt),
        ({"name": "Another Ltd", "email": "a@acme.example"}, Hold),
        ({"name": "Renamed", "reference": "MEM-31"}, Ours),
    ],
)
def test_clients_that_the_log_does_not_know_are_matched(
    one: OneWorker, lookup: Lookup, fields: dict[str, str], match: type[object]
) -> None:
    client = a_client(31, company="Acme Widgets Ltd", email="a@acme.example")
    one.billing.put(client)
    (item,) = one.prepare(an_invoice())
    one.books.add_client(dict(fields))
    assert item.composed.client
    found = lookup.clients([(client, item.composed.client.payload)])
    assert isinstance(found["31"], match)
