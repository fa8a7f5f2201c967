"""A dry run forwards the whole contract but for writes, and shows what it made up."""

from dataclasses import replace
from inspect import isfunction
from typing import ClassVar

import pytest

from bridge.api import AmbiguousMatchError, Target, token_of
from bridge.engine.dry_run import DryRunTarget
from bridge.testing.builders import DAY
from bridge.testing.conformance.fixtures import TargetStand
from bridge.testing.conformance.target_writer import LABEL, TargetWriter
from bridge.testing.memory.books import MemoryBooks
from bridge.testing.memory.target import MemoryTarget
from bridge.testing.target_suite import TargetSuite

WRITES = frozenset(
    {"create_client", "update_client", "adopt_client", "create_invoice", "create_payment"}
    | {"create_credit_note", "apply_credit_note", "create_movement", "remove"}
)
READS = frozenset(
    {"clients", "documents", "payments", "movements"}
    | {"find_client", "find_invoice", "find_payment", "find_movement", "compose_client"}
)
"""What shows made-up records, or must know of them."""
FORWARDED = frozenset(
    {
        "match_clients_by",
        "home_currency",
        "takes_balances",
        "before_write",
        "close",
        "check",
        "prepare",
    }
    | {"assess", "removes_movements", "lists_movements", "records", "journal"}
    | {"compose_invoice", "compose_payment", "compose_credit_note", "compose_movement"}
    | {"compose_reversal"}
)


def _members() -> set[str]:
    """The public members of the contract, with those that have no value until `prepare`."""
    names = {name for each in Target.__mro__ for name in (*vars(each), *_annotated(each))}
    return {name for name in names if not name.startswith("_")}


def _annotated(cls: type) -> dict[str, object]:
    return dict(vars(cls).get("__annotations__", {}))


def test_each_member_of_the_contract_is_forwarded_or_made_up_on_purpose() -> None:
    """A new one must be told here: one that writes would else write in a dry run."""
    assert _members() == FORWARDED | READS | WRITES
    made_up = {name for name in FORWARDED | READS | WRITES if isfunction(vars(DryRunTarget)[name])}
    assert made_up == READS | WRITES


@pytest.mark.parametrize("name", sorted(FORWARDED))
def test_a_forwarded_member_is_the_inner_targets_own(name: str) -> None:
    inner = MemoryTarget(MemoryBooks())
    target = DryRunTarget.before(inner)
    value = object()
    setattr(inner, name, value)
    assert getattr(target, name) is value
    other = object()
    setattr(target, name, other)
    assert getattr(inner, name) is other


@pytest.fixture
def books() -> MemoryBooks:
    return MemoryBooks()


@pytest.fixture
def real(books: MemoryBooks) -> TargetWriter:
    """Where a test writes what stands there before the dry run."""
    return _desk(MemoryTarget(books))


@pytest.fixture
def writer(real: TargetWriter) -> TargetWriter:
    """Where a test writes in a dry run."""
    return _desk(DryRunTarget.before(real.target))


def _desk(target: Target) -> TargetWriter:
    target.prepare()
    return TargetWriter(TargetStand(open=lambda: target), target)


def test_nothing_about_made_up_records_reaches_the_far_side(
    writer: TargetWriter, books: MemoryBooks
) -> None:
    made = writer.create_sale()
    paid = writer.create_payment(made)
    assert [each.ref for each in writer.target.payments(made.ref)] == [paid.ref]
    assert writer.target.find_payment(paid.payment.reference, document=made.ref)
    assert list(writer.target.documents([], [made.client_ref]))
    writer.target.remove(paid.ref, document=made.ref)
    assert not books.clients
    assert not books.documents
    assert not books.payments
    assert set(books.calls) == {"prepare"}


def test_a_made_up_payment_stands_beside_the_real_one(
    writer: TargetWriter, real: TargetWriter
) -> None:
    made = real.create_sale()
    first = real.create_payment(made, writer.money("50.00"))
    second = writer.create_payment(made, writer.money("70.00"))
    assert [each.ref for each in writer.target.payments(made.ref)] == [first.ref, second.ref]
    for each in (first, second):
        found = writer.target.find_payment(each.payment.reference, document=made.ref)
        assert found is not None
        assert found.ref == each.ref
    [shown] = writer.documents(made.sale.reference.token)
    assert shown.paid == made.sale.gross
    [stands] = real.documents(made.sale.reference.token)
    assert stands.paid == writer.money("50.00")


def test_a_made_up_record_with_the_key_of_a_real_one_is_ambiguous(
    writer: TargetWriter, real: TargetWriter
) -> None:
    made = real.create_sale()
    paid = real.create_payment(made, writer.money("50.00"))
    writer.target.create_payment(paid.payload, document=made.ref)
    writer.target.create_invoice(made.payload, client=made.client_ref)
    with pytest.raises(AmbiguousMatchError):
        writer.target.find_payment(paid.payment.reference, document=made.ref)
    with pytest.raises(AmbiguousMatchError):
        writer.target.find_invoice(made.sale.reference, client=made.client_ref, day=DAY)


def test_a_real_client_shows_its_update_in_the_dry_run_alone(
    writer: TargetWriter, real: TargetWriter
) -> None:
    made = real.create_client()
    moved = replace(made.client, email="new@acme.example")
    writer.target.update_client(made.ref, writer.compose_client(moved))
    token = token_of(LABEL, moved.ref)
    assert [each.emails for each in writer.clients(token)] == [("new@acme.example",)]
    assert [each.emails for each in real.clients(token)] == [(made.client.email,)]


def test_money_kept_in_another_currency_than_the_document_is_not_added_to_it(
    writer: TargetWriter,
) -> None:
    """Payments of a foreign invoice may be kept at home; a note is set off in its own currency."""
    made = writer.create_sale(writer.create_client(writer.a_client(currency="EUR")))
    paid = replace(writer.create_payment(made).payload, net=writer.money("60.00"))
    writer.target.create_payment(paid, document=made.ref)
    [shown] = writer.documents(made.sale.reference.token)
    assert shown.paid == made.sale.gross


class TestDryRunTarget(TargetSuite):
    exempt: ClassVar = {
        "faults": "No write reaches the far side, so none can be disturbed there.",
        "login": "The door is the inner target's own.",
        "misnamed_settings": "The fake has no names to resolve.",
        "removal": "No command takes anything back in a dry run.",
        "test_a_client_is_made_once": "What the far side refuses shows only when it is asked.",
        "test_an_update_keeps_what_is_not_ours": "Nobody can write into a made-up client.",
        "test_records_show_each_document_and_payment_once": "Reconciling is never rehearsed.",
    }

    @pytest.fixture
    def stand(self) -> TargetStand:
        """What was made up is there for as long as the one target, which all therefore share."""
        books = MemoryBooks()
        target = DryRunTarget.before(MemoryTarget(books))
        return TargetStand(open=lambda: target, calls=lambda: sorted(books.calls.elements()))
