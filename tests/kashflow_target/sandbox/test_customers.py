"""Customers: codes, look-ups, updates."""

import pytest
from kashflow_target.sandbox.driver import Driver

from tests.kashflow_target.raw_client import CUSTOMER, RawClient, with_values
from tests.kashflow_target.sandbox_books import SandboxBooks

INVALID = "The customer code specified is invalid, please re-enter without any special characters."


def _by_code(client: RawClient, code: str) -> dict[str, str]:
    return client.call("GetCustomer", f"<CustomerCode>{code}</CustomerCode>").fields


def test_an_inserted_customer_is_read_back_with_everything_that_was_sent(client: RawClient) -> None:
    sent = with_values(CUSTOMER, Name="Löwe & Söhne <GmbH> 🦁", CurrencyID="2")
    sent += "<ContactFirstName>Ada</ContactFirstName><VATNumber>DE123456789</VATNumber>"
    customer = client.insert_customer(sent).value
    shown = _by_code(client, "WHMCS31")
    assert shown["CustomerID"] == customer
    assert shown["Name"] == "Löwe & Söhne <GmbH> 🦁"
    assert (shown["CurrencyID"], shown["PaymentTerms"]) == ("2", "14")
    assert (shown["ContactFirstName"], shown["VATNumber"]) == ("Ada", "DE123456789")
    assert shown["Discount"] == "0.0000"
    assert "Telephone" not in shown


def test_the_service_stamps_created_and_updated_itself(client: RawClient) -> None:
    client.insert_customer()
    shown = _by_code(client, "WHMCS31")
    assert shown["Created"] == shown["Updated"] > "2025-09-01T00:00:00"


@pytest.mark.parametrize("code", ["HAR01", "har01"])
def test_a_code_that_exists_is_refused_and_nothing_changes(
    client: RawClient, books: SandboxBooks, code: str
) -> None:
    before = books.customers()
    answer = client.insert_customer(with_values(CUSTOMER, Code=code))
    assert (answer.http_status, answer.status, answer.value) == (200, "NO", "0")
    assert answer.detail == "Customer Code is not unique"
    assert books.customers() == before


@pytest.mark.parametrize("code", ["ada@bright.example", "WHMCS-31", "A B", "É1"])
def test_a_code_with_special_characters_is_refused(client: RawClient, code: str) -> None:
    assert client.insert_customer(with_values(CUSTOMER, Code=code)).detail == INVALID


def test_a_customer_without_code_gets_one_of_letters_and_a_number(
    client: RawClient, books: SandboxBooks
) -> None:
    for _ in range(2):
        client.insert_customer(CUSTOMER.replace("<Code>WHMCS31</Code>", ""))
    assert [customer.code for customer in books.customers()[-2:]] == ["ADA01", "ADA02"]


def test_a_currency_that_was_not_set_up_is_refused(client: RawClient) -> None:
    answer = client.insert_customer(with_values(CUSTOMER, CurrencyID="9"))
    assert answer.status == "NO"
    assert client.insert_customer(with_values(CUSTOMER, CurrencyID="0")).status == "OK"


MISSES = [
    ("GetCustomer", "<CustomerCode>NOBODY</CustomerCode>"),
    ("GetCustomerByID", "<CustomerID>1</CustomerID>"),
]


@pytest.mark.parametrize(("operation", "asked"), MISSES)
def test_a_customer_that_is_not_there_is_a_refusal(
    client: RawClient, operation: str, asked: str
) -> None:
    answer = client.call(operation, asked)
    assert (answer.http_status, answer.status, answer.result) == (200, "NO", None)
    assert "no customer" in (answer.detail or "")


@pytest.mark.parametrize(("operation", "asked"), MISSES)
def test_or_an_empty_or_blank_answer(
    client: RawClient, driver: Driver, operation: str, asked: str
) -> None:
    driver.switch(customer_miss="empty")
    answer = client.call(operation, asked)
    assert (answer.status, answer.result) == ("OK", None)
    driver.switch(customer_miss="blank")
    answer = client.call(operation, asked)
    assert (answer.status, answer.fields["CustomerID"]) == ("OK", "0")
    assert "Code" not in answer.fields


def test_by_email_nobody_is_told_in_words_that_clients_match(client: RawClient) -> None:
    asked = "<CustomerEmail>nobody@nowhere.example</CustomerEmail>"
    answer = client.call("GetCustomerByEmail", asked)
    assert answer.status == "NO"
    assert answer.detail == "There is no customer with that email address"


@pytest.mark.parametrize(
    ("email", "code"),
    [
        ("Accounts@Harbour-Sons.example", "HAR01"),
        # Two customers have this address, and the service does not say so.
        ("hello@brightpixel.example", "BRI01"),
        ("second@bright.example", "TWO1"),
    ],
)
def test_by_email_the_first_of_any_of_its_addresses_is_found(
    client: RawClient, driver: Driver, email: str, code: str
) -> None:
    driver.add_customer(Code="TWO1", Email="first@bright.example; second@bright.example")
    asked = f"<CustomerEmail>{email}</CustomerEmail>"
    assert client.call("GetCustomerByEmail", asked).fields["Code"] == code


def test_by_email_a_part_of_an_address_is_not_enough(client: RawClient) -> None:
    asked = "<CustomerEmail>harbour-sons.example</CustomerEmail>"
    assert client.call("GetCustomerByEmail", asked).status == "NO"
    assert client.call("GetCustomerByEmail", "<CustomerEmail/>").status == "NO"


def test_all_customers_come_in_one_list(client: RawClient) -> None:
    codes = [row["Code"] for row in client.call("GetCustomers").rows]
    assert codes == ["HAR01", "BRI01", "BRI02", "COR01", "MIL01"]


def test_modified_since_gives_what_was_made_or_changed(client: RawClient, driver: Driver) -> None:
    def codes(since: str) -> list[str]:
        asked = f"<ModifiedSince>{since}</ModifiedSince>"
        return [row["Code"] for row in client.call("GetCustomersModifiedSince", asked).rows]

    assert len(codes("2025-08-20T09:30:00")) == 5
    assert codes("2025-08-20T09:30:01") == []
    client.insert_customer()
    driver.edit_customer(5400104, Telephone="01904 000000")
    assert codes("2025-08-20T09:30:01") == ["COR01", "WHMCS31"]


HARBOUR = with_values(CUSTOMER, CustomerID="5400101", Code="HAR01", Name="Harbour and Sons")


def test_an_update_finds_its_customer_by_id(client: RawClient) -> None:
    answer = client.call("UpdateCustomer", f"<custr>{HARBOUR}</custr>")
    assert (answer.status, answer.value) == ("OK", "")
    assert _by_code(client, "HAR01")["Name"] == "Harbour and Sons"


@pytest.mark.parametrize(("how", "notes"), [("keep", "Rings before paying"), ("blank", None)])
def test_an_update_keeps_or_blanks_a_text_that_was_not_sent(
    client: RawClient, driver: Driver, how: str, notes: str | None
) -> None:
    driver.switch(update_blank_missing=how)
    assert client.call("UpdateCustomer", f"<custr>{HARBOUR}</custr>").status == "OK"
    assert _by_code(client, "HAR01").get("Notes") == notes


def test_an_update_keeps_the_day_it_was_created(client: RawClient) -> None:
    client.call("UpdateCustomer", f"<custr>{HARBOUR}</custr>")
    shown = _by_code(client, "HAR01")
    assert shown["Created"] == "2025-08-20T09:30:00" < shown["Updated"]


@pytest.mark.parametrize("text", ["OK", "{id}"])
def test_what_an_update_answers_is_a_text_of_unknown_content(
    client: RawClient, driver: Driver, text: str
) -> None:
    driver.switch(update_result=text)
    answer = client.call("UpdateCustomer", f"<custr>{HARBOUR}</custr>")
    assert answer.value == text.replace("{id}", "5400101")


@pytest.mark.parametrize(
    ("values", "detail"),
    [
        ({"CustomerID": "77"}, "There is no customer with that ID"),
        ({"Code": "COR01"}, "Customer Code is not unique"),
        ({"Code": "HAR-01"}, INVALID),
    ],
)
def test_an_update_that_is_refused_changes_nothing(
    client: RawClient, books: SandboxBooks, values: dict[str, str], detail: str
) -> None:
    before = books.customers()
    answer = client.call("UpdateCustomer", f"<custr>{with_values(HARBOUR, **values)}</custr>")
    assert (answer.status, answer.detail) == ("NO", detail)
    assert books.customers() == before


def test_deleting_answers_nought_whether_or_not_anything_went(
    client: RawClient, books: SandboxBooks
) -> None:
    for customer in (5400102, 77):
        answer = client.call("DeleteCustomer", f"<CustomerID>{customer}</CustomerID>")
        assert (answer.status, answer.value) == ("OK", "0")
    assert "BRI01" not in [customer.code for customer in books.customers()]
    assert client.call("DeleteCustomer", "<CustomerID>5400104</CustomerID>").status == "NO"


def test_the_seed_is_the_same_every_time_and_holds_what_was_agreed(
    books: SandboxBooks, client: RawClient
) -> None:
    known = {customer.code: customer for customer in books.customers()}
    assert known["HAR01"].id == 5400101
    assert known["HAR01"].name == "Harbour & Sons Ltd"
    assert known["HAR01"].email == "accounts@harbour-sons.example"
    same = [c.code for c in known.values() if c.email == "hello@brightpixel.example"]
    assert same == ["BRI01", "BRI02"]
