"""The source section of bridge.yaml: what is accepted, and how a wrong one is told."""

import hashlib
from typing import Any

import pytest
from pydantic import ValidationError
from whmcs_source.settings import WhmcsSettings, settings_from

URL = "https://billing.example.com"
PAIR = {"identifier": "abc", "secret": "topsecret"}


def settings(**section: Any) -> WhmcsSettings:
    return settings_from({"url": URL, **section})


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        (URL, f"{URL}/includes/api.php"),
        (f"{URL}/", f"{URL}/includes/api.php"),
        (f"{URL}/whmcs", f"{URL}/whmcs/includes/api.php"),
        (f"{URL}/whmcs/includes/api.php", f"{URL}/whmcs/includes/api.php"),
        ("http://127.0.0.1:8701", "http://127.0.0.1:8701/includes/api.php"),
        ("http://[::1]:8701", "http://[::1]:8701/includes/api.php"),
        ("http://localhost", "http://localhost/includes/api.php"),
    ],
)
def test_the_endpoint_is_made_of_any_usual_form(url: str, endpoint: str) -> None:
    assert settings(**PAIR, url=url).endpoint == endpoint


@pytest.mark.parametrize(
    "url",
    [
        "http://billing.example.com",
        "http://127.example.com",
        "billing.example.com",
        "ftp://billing.example.com",
        "https://user:pw@billing.example.com",
        "https://billing.example.com?secret=abc",
        "https://billing.example.com:notaport",
        "",
    ],
)
def test_an_address_that_is_unsafe_or_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**PAIR, url=url)
    assert [error["loc"] for error in caught.value.errors()] == [("url",)]


def test_either_pair_signs_in() -> None:
    """The API pair goes as it is; an administrator's password as its MD5, as WHMCS asks."""
    assert settings(**PAIR).sign_in() == PAIR
    md5 = hashlib.md5(b"hunter2").hexdigest()
    for password in ("hunter2", md5):
        admin = settings(username="admin", password=password, access_key="key")
        assert admin.sign_in() == {"username": "admin", "password": md5, "accesskey": "key"}


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"identifier": "abc"},
        {"secret": "topsecret"},
        {"identifier": "abc", "secret": ""},
        {"username": "admin"},
        {**PAIR, "username": "admin", "password": "hunter2"},
    ],
)
def test_half_a_pair_or_two_are_refused(section: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"give"):
        settings(**section)


def test_with_a_database_nothing_of_the_api_is_needed() -> None:
    """Nor refused, so that going back to it is one line less in bridge.yaml."""
    address = "mysql://reader:topsecret@db.example.com:3306/whmcs"
    for section in ({}, {"url": URL}, {"url": URL, **PAIR}, {"identifier": "abc"}):
        made = settings_from({"database": address, **section})
        assert made.database is not None
        assert made.database.get_secret_value() == address
        assert "topsecret" not in repr(made) + made.model_dump_json()


def test_without_a_database_an_address_is_needed() -> None:
    with pytest.raises(ValidationError, match="url is missing"):
        settings_from(PAIR)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://reader:topsecret@db/whmcs",
        "mysql://reader:topsecret@db",
        "mysql://reader:topsecret@db/",
        "mysql:///whmcs",
        "mysql://reader:top:secret@db:notaport/whmcs",
        "whmcs",
        "",
    ],
)
def test_a_database_that_can_be_none_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(ValidationError, match="mysql://reader:") as caught:
        settings_from({"database": address})
    assert [error["loc"] for error in caught.value.errors()] == [("database",)]
    assert "topsecret" not in str(caught.value)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        settings(**PAIR, page_sise=5)


@pytest.mark.parametrize("label", ["", "9A", "WH MCS", "WH-MCS", "A" * 17])
def test_a_label_is_letters_and_digits(label: str) -> None:
    with pytest.raises(ValidationError):
        settings(**PAIR, label=label)


def test_secrets_are_hidden_in_every_text_and_error() -> None:
    made = settings(**PAIR, access_key="keykey")
    for text in (repr(made), str(made), made.model_dump_json()):
        assert "topsecret" not in text
        assert "keykey" not in text
    with pytest.raises(ValidationError) as caught:
        settings(**PAIR, timeout_s=-1)
    assert "topsecret" not in str(caught.value)


def test_every_setting_is_described() -> None:
    for name, info in WhmcsSettings.model_fields.items():
        assert info.description, name
