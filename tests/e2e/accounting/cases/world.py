"""Currencies and customers."""

from kashflow_target.sandbox.driver import Driver

from tests.e2e.accounting.fixture import Stage
from tests.e2e.accounting.personas import story, story_alone

EUR, USD, JPY = 2, 3, 4
IRISH = "IE1000111Q"


def euros(stage: Stage) -> None:
    stage.client(country="IE", currency=EUR, tax_id=IRISH)


@story
def foreign_at_the_rate_of_its_payment(stage: Stage) -> None:
    euros(stage)
    stage.sold("A", "117.00", rate="1.16000")


@story
def foreign_on_an_account_of_its_currency(stage: Stage) -> None:
    euros(stage)
    stage.sold("A", "117.00", gateway="paypal", transid="PAY-1", rate="1.17000")


@story
def foreign_at_kashflow_s_rate(stage: Stage) -> None:
    euros(stage)
    stage.sold("A", "117.00", rate="1.17000")


@story
def exchange_difference_undecided(stage: Stage) -> None:
    euros(stage)
    stage.sold("A", "117.00", rate="1.16000")


@story
def foreign_in_two_payments(stage: Stage) -> None:
    """Thirds that do not come out even in pounds."""
    euros(stage)
    stage.bill("A", None, "100.00")
    for number, amount in ((1, "33.33"), (2, "33.33"), (3, "33.34")):
        stage.pay("A", amount, transid=f"ch_{number}", rate="1.17000")


@story
def currency_unknown(stage: Stage) -> None:
    stage.client(country="JP", currency=JPY)
    stage.sold("A", "12100.00", rate="190.00000")


@story
def currency_changed_after_booking(stage: Stage) -> None:
    client = stage.client(country="US")
    stage.sold("A")
    stage.sync()
    stage.do("change_client", client=client, currency=USD)
    stage.sold("B", client=client, date="2026-10-20", rate="1.27000")


@story
def vat_number_changed_after_booking(stage: Stage) -> None:
    client = stage.client(country="IE", tax_id=IRISH)
    stage.sold("A")
    stage.sync()
    stage.do("change_client", client=client, tax_id="IE2000222K")
    stage.sold("B", client=client, date="2026-10-20")


@story
def address_changed_after_booking(stage: Stage) -> None:
    client = stage.client()
    stage.sold("A")
    stage.sync()
    stage.do("change_client", client=client, address1="9 New Street", email="n2@newcome.example")
    stage.sold("B", client=client, date="2026-10-20")


def there_already(stage: Stage, **fields: str) -> None:
    with Driver.at(stage.rig.place / "far") as driver:
        driver.add_customer(**fields)


@story
def customer_adopted(stage: Stage) -> None:
    stage.client(companyname="Adopted Ltd", email="books@adopted.example")
    there_already(stage, Code="ADO01", Name="Adopted Ltd", Email="books@adopted.example")
    stage.sold("A")


@story
def customer_ambiguous(stage: Stage) -> None:
    stage.client(companyname="Double Ltd", email="books@double.example")
    for code in ("DOU01", "DOU02"):
        there_already(stage, Code=code, Name="Double Ltd", Email="books@double.example")
    stage.sold("A")


@story_alone
def client_deleted(stage: Stage) -> None:
    """Its money stays in WHMCS without a client; its invoice is gone."""
    client = stage.client()
    stage.sold("A")
    stage.do("delete_client", client=client)


@story
def exchange_gain(stage: Stage) -> None:
    euros(stage)
    stage.sold("A", "117.00", rate="1.16000")


@story
def exchange_loss(stage: Stage) -> None:
    euros(stage)
    stage.sold("A", "117.00", rate="1.19000")


@story
def finer_than_the_currency(stage: Stage) -> None:
    """WHMCS keeps two places of yen as well, and a gateway may tell its fee in them."""
    stage.client(country="JP", currency=JPY)
    stage.sold("A", "12100.00", rate="190.00000", fees="1.41")


@story
def country_changed_after_booking(stage: Stage) -> None:
    client = stage.client()
    stage.sold("A")
    stage.sync()
    stage.do("change_client", client=client, country="US")
    stage.sold("B", client=client, date="2026-10-20")
