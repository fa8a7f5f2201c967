"""Secrets are in nothing that people or programs read."""

import json
import traceback
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bridge.api import ConfigError
from bridge.config import load, without
from bridge.config.secrets import HIDDEN, hide_url_password

CANARY = "canary-of-the-shop"


def test_settings_are_shown_with_secrets_hidden(write: Any, offers: Any) -> None:
    path = write({}, "store: postgresql://bridge:hunter22@db/books?sslpassword=hunter33\n")
    config = load(path, offers)
    shown = config.shown()
    assert shown["source"]["secret"] == HIDDEN
    assert shown["store"] == f"postgresql://bridge:{HIDDEN}@db/books?sslpassword={HIDDEN}"
    assert shown["source"]["url"] == "https://shop.example"
    assert shown["target"]["accounts"] == {"card": {"name": "Card", "code": 1210}}
    text = json.dumps(shown) + repr(config) + repr(config.source)
    assert not [one for one in (CANARY, "hunter22", "hunter33") if one in text]
    assert CANARY not in str(config.settings)


def test_what_must_not_be_printed_is_known(write: Any, offers: Any) -> None:
    config = load(write({}, "store: postgresql://bridge:hunter22@db/books\n"), offers)
    assert config.secrets == {CANARY, "hunter22"}
    assert without(f"the password {CANARY} of hunter22", config.secrets) == (
        f"the password {HIDDEN} of {HIDDEN}"
    )


def test_the_digest_tells_settings_apart_and_nothing_of_secrets(
    write: Any, offers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(write(), offers).digest
    monkeypatch.setenv("SHOP_SECRET", "another-secret")
    assert load(write(), offers).digest == first
    assert load(write({"1210": "1211"}), offers).digest != first


@pytest.mark.parametrize(
    "changes",
    [
        {"${SHOP_SECRET}": "[canary-of-the-shop]"},
        {"${SHOP_SECRET}": "{canary-of-the-shop: canary-of-the-shop}"},
        {"secret: ${SHOP_SECRET}": "secert: canary-of-the-shop"},
        {"url: https://shop.example": "url: [1]"},
        {"url: https://shop.example": "timeout_s: ${SHOP_SECRET}\n  url: x"},
        {"plugin: shop": "plugin: ${SHOP_SECRET}"},
        {"2025-09-01": "${SHOP_SECRET}"},
        {
            "sync:": "name: ${SHOP_SECRET} x\nstore: ${SHOP_SECRET}\n"
            "sync:\n  batch_limit: ${SHOP_SECRET}"
        },
    ],
)
def test_no_error_and_no_traceback_holds_a_secret(
    write: Any, offers: Any, changes: dict[str, str]
) -> None:
    """Not even of a file in which the secret stands where it should not."""
    with pytest.raises(ConfigError) as caught:
        load(write(changes), offers)
    problems = " ".join(f"{one.what} {one.remedy}" for one in caught.value.problems)
    assert CANARY not in problems
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_a_plain_secret_in_a_file_that_all_can_read_is_a_warning(write: Any, offers: Any) -> None:
    path = write(
        {"${SHOP_SECRET}": "in-plain-sight"}, "store: postgresql://bridge:hunter22@db/books\n"
    )
    assert load(path, offers).warnings == ()
    path.chmod(0o644)
    told = [(one.where, one.key) for one in load(path, offers).warnings]
    assert told == [("bridge.yaml:4:11", "source.secret"), ("bridge.yaml:12:8", "store")]


def test_a_secret_that_is_put_in_is_no_warning(write: Any, offers: Any) -> None:
    path = write()
    path.chmod(0o644)
    assert load(path, offers).warnings == ()


@given(
    st.text(alphabet=st.characters(exclude_characters="/@ \n\t:?&", min_codepoint=33), min_size=1)
)
def test_no_password_of_a_url_is_shown(password: str) -> None:
    shown = hide_url_password(f"mysql://reader:{password}@db.example/whmcs")
    assert shown == f"mysql://reader:{HIDDEN}@db.example/whmcs"
