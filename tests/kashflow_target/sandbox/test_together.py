"""Several processes and threads on the same books; thousands of invoices; a real SOAP library."""

import datetime as dt
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import zeep
from kashflow_target.sandbox.driver import Driver
from kashflow_target.sandbox.factory import KashFlowSandbox, sandbox
from kashflow_target.sandbox.interface import WSDL_FILE

from tests.kashflow_target.raw_client import RawClient
from tests.kashflow_target.sandbox_books import SandboxBooks

WITHOUT_ARGUMENTS = [
    "GetCustomers", "GetInvPayMethods", "GetBankAccounts", "GetCurrencies", "GetProducts",
    "GetNominalCodesExtended", "GetVATRates", "isUserVATRegistered", "GetCompanyDetails",
    "GetBankTxTypes",
]  # fmt: skip
SERVE = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from kashflow_target.sandbox.factory import sandbox

    with sandbox(Path(sys.argv[1])) as running:
        print(running.settings["endpoint"], flush=True)
        sys.stdin.read()
    """
)


@pytest.fixture
def other_process(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A sandbox in a process of its own, on the same directory."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        endpoint = process.stdout.readline().strip()
        yield {"endpoint": endpoint, "username": "northwind", "password": "sandbox-tidal-otter"}


def _insert_many(settings: dict[str, str], times: int, numbers: list[str | None]) -> None:
    with RawClient(settings) as client:
        numbers.extend(client.insert_invoice().value for _ in range(times))


def test_two_processes_and_eight_threads_give_each_invoice_its_own_number(
    kashflow: KashFlowSandbox, other_process: dict[str, str], books: SandboxBooks
) -> None:
    numbers: list[str | None] = []
    threads = [
        threading.Thread(target=_insert_many, args=(settings, 25, numbers))
        for settings in (dict(kashflow.settings), other_process)
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(number or 0) for number in numbers) == list(range(1004, 1204))
    assert len(books.invoices()) == 203
    assert books.calls() == ["InsertInvoice"] * 200


def test_a_switch_and_a_fault_set_in_one_process_work_in_another(
    driver: Driver, other_process: dict[str, str]
) -> None:
    driver.switch(payments_page_size=7)
    driver.plan([{"name": "GetCurrencies", "mode": "refuse"}])
    with RawClient(other_process) as client:
        assert client.control("GET", "switches")["payments_page_size"] == 7
        assert client.call("GetCurrencies").status == "NO"
    assert driver.faults() == []
    assert driver.calls() == ["GetCurrencies"]


def test_a_killed_process_loses_nothing_that_it_answered(
    tmp_path: Path, books: SandboxBooks
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        settings = {"endpoint": process.stdout.readline().strip(), "username": "northwind"}
        with RawClient(settings | {"password": "sandbox-tidal-otter"}) as client:
            answered = [client.insert_invoice().value for _ in range(20)]
        process.kill()
    assert [str(invoice.number) for invoice in books.invoices()[3:]] == answered


def test_two_processes_that_start_together_seed_once(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SERVE, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        output, _ = process.communicate(timeout=30)
        assert output.startswith("http://127.0.0.1:")
        assert process.returncode == 0
    assert len(SandboxBooks(tmp_path).customers()) == 5


def test_the_books_of_two_directories_are_the_same_to_begin_with(tmp_path: Path) -> None:
    for name in ("one", "two"):
        with Driver.at(tmp_path / name):
            pass
    one, two = SandboxBooks(tmp_path / "one"), SandboxBooks(tmp_path / "two")
    assert one.customers() == two.customers()
    assert one.invoices() == two.invoices()
    assert one.payments() == two.payments()


def test_what_was_booked_is_there_after_a_restart(tmp_path: Path) -> None:
    with sandbox(tmp_path) as running, RawClient(running.settings) as client:
        client.insert_invoice()
    with sandbox(tmp_path) as running, RawClient(running.settings) as client:
        shown = client.call("GetInvoice", "<InvoiceNumber>1004</InvoiceNumber>").fields
        assert shown["CustomerReference"] == "WHMCS-501 F2025-1"


def test_thousands_of_invoices_are_listed_in_reasonable_time(
    client: RawClient, driver: Driver
) -> None:
    for _ in range(2000):
        driver.add_invoice(5400101, "2026-02-01", [{"net": "10", "vat": "2"}, {"net": "1"}])
    asked = "<StartDate>2026-02-01T00:00:00</StartDate><EndDate>2026-02-01T00:00:00</EndDate>"
    started = time.monotonic()
    answer = client.call("GetInvoicesByDateRange", asked)
    elapsed = time.monotonic() - started
    assert len(answer.rows) == 2000
    assert elapsed < 0.5


class Speaker:
    """zeep with the WSDL that ships, signed in."""

    def __init__(self, kashflow: KashFlowSandbox) -> None:
        library: Any = zeep
        self.client = library.Client(str(WSDL_FILE))
        self._service = self.client.create_service(
            "{KashFlow}KashFlowAPISoap", kashflow.settings["endpoint"]
        )
        self._who = {
            "UserName": kashflow.settings["username"],
            "Password": kashflow.settings["password"],
        }

    def call(self, operation: str, **arguments: object) -> Any:
        return self._service[operation](**self._who, **arguments)

    def typed_line(self) -> object:
        line = self.client.get_type("{KashFlow}InvoiceLine")
        any_object: Any = zeep.xsd.AnyObject
        return any_object(line, line(**LINE))


LINE = {
    "Quantity": Decimal(1), "Description": "Hosting & more", "Rate": Decimal("10.00"),
    "ChargeType": 18685811, "VatRate": Decimal(20), "VatAmount": Decimal("2.00"), "ProductID": 0,
    "Sort": 1, "ProjID": 0, "LineID": 0, "ValuesInCurrency": 1,
}  # fmt: skip
DAY = dt.datetime(2025, 9, 5)  # noqa: DTZ001 - dates go without a zone
HEADER = {
    "InvoiceDBID": 0, "InvoiceNumber": 0, "InvoiceDate": DAY, "DueDate": DAY, "Paid": 0,
    "CustomerID": 5400101, "CustomerReference": "WHMCS-1", "SuppressTotal": 0, "ProjectID": 0,
    "CurrencyCode": "GBP", "ExchangeRate": Decimal(1), "NetAmount": Decimal(0),
    "VATAmount": Decimal(0), "AmountPaid": Decimal(0), "UseCustomDeliveryAddress": False,
}  # fmt: skip


class TestZeep:
    """The library that the target speaks through."""

    @pytest.fixture
    def speaker(self, kashflow: KashFlowSandbox) -> Iterator[Speaker]:
        speaker = Speaker(kashflow)
        yield speaker
        speaker.client.transport.session.close()

    def test_an_invoice_goes_there_and_back(self, speaker: Speaker) -> None:
        invoice = HEADER | {"Lines": {"anyType": [speaker.typed_line()]}}
        made = speaker.call("InsertInvoice", Inv=invoice)
        assert (made.Status, made.InsertInvoiceResult) == ("OK", 1004)
        shown = speaker.call("GetInvoice", InvoiceNumber=1004).GetInvoiceResult
        assert (shown.NetAmount, shown.VATAmount) == (Decimal(10), Decimal(2))
        assert shown.Lines.anyType[0].Description == "Hosting & more"
        assert shown.InvoiceDate == DAY

    def test_a_line_given_as_a_dict_has_no_type_and_is_a_fault(self, speaker: Speaker) -> None:
        """zeep sends it as text and says nothing; the server must."""
        invoice = HEADER | {"Lines": {"anyType": [LINE]}}
        with pytest.raises(zeep.exceptions.Fault, match="xsi:type"):
            speaker.call("InsertInvoice", Inv=invoice)

    def test_a_date_with_a_zone_is_a_fault(self, speaker: Speaker) -> None:
        day = DAY.replace(tzinfo=dt.UTC)
        with pytest.raises(zeep.exceptions.Fault, match="AllXsd"):
            speaker.call("GetInvoicesByDateRange", StartDate=day, EndDate=day)

    @pytest.mark.parametrize("name", WITHOUT_ARGUMENTS)
    def test_every_answer_without_arguments_is_read(self, speaker: Speaker, name: str) -> None:
        answer = speaker.call(name)
        assert answer.Status == "OK"
        assert answer[f"{name}Result"]
