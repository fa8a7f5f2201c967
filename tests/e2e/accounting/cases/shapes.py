"""Shapes of WHMCS data that must make no difference, or a stated one."""

from tests.e2e.accounting.fixture import Stage
from tests.e2e.accounting.personas import story, story_alone


@story
def many_lines(stage: Stage) -> None:
    stage.client(companyname="Smith &amp; O&#039;Neil")
    stage.sold("A", *(f"{number}.01" for number in range(1, 121)))


@story
def one_number_twice(stage: Stage) -> None:
    stage.sold("A")
    stage.sold("B", "50.00")
    for name in ("A", "B"):
        fields = {"invoicenum": "INV-2026-77"}
        stage.rig.whmcs.do("edit_invoice", invoice=stage.names[name], fields=fields)


@story_alone
def sale_in_9(stage: Stage) -> None:
    stage.rig.whmcs.switch(version="9.0.5")
    stage.sold("A")


@story
def expense_without_client(stage: Stage) -> None:
    stage.do(
        "record_money",
        currency=1,
        amount_out="15.00",
        gateway="stripe",
        description="Server bill",
        transid="x1",
    )


def _service(stage: Stage, product: int) -> int:
    client = stage.clients[-1] if stage.clients else stage.client()
    return stage.do(
        "create_service", client=client, product=product, domain="n.example", amount="49.00"
    )


@story
def nominal_by_product(stage: Stage) -> None:
    reseller, starter = _service(stage, 3), _service(stage, 1)
    lines = [{"amount": "49.00", "relid": reseller}, {"amount": "4.99", "relid": starter}]
    stage.sold("A", *lines)


@story
def nominal_by_group(stage: Stage) -> None:
    """Both are of the group Reseller Hosting; a product's own line in the settings goes first."""
    reseller, starter = _service(stage, 3), _service(stage, 1)
    lines = [{"amount": "49.00", "relid": reseller}, {"amount": "4.99", "relid": starter}]
    stage.sold("A", *lines)
