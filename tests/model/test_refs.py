"""Tokens are recognised as whole words only."""

import pytest

from bridge.api import Kind, Reference, SourceRef, invoice_ref, payment_ref, token_of, tokens_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("WHMCS-501 F2026-77", ("WHMCS-501",)),
        ("F2026-77 (WHMCS-501)", ("WHMCS-501",)),
        ("WHMCS-T900/501 txn_A1", ("WHMCS-T900/501",)),
        ("WHMCS-R905", ("WHMCS-R905",)),
        ("WHMCS-501+1 late fee", ("WHMCS-501+1",)),
        ("WHMCS-T7/excess", ("WHMCS-T7/excess",)),
        ("WHMCS-5012, WHMCS-50", ("WHMCS-5012", "WHMCS-50")),
        ("MYWHMCS-501", ()),
        ("WHMCS-501x", ()),
        ("WHMCS501", ()),
        ("whmcs-501", ()),
        ("WHMCS-", ()),
        ("", ()),
    ],
)
def test_tokens_are_whole_words(text: str, found: tuple[str, ...]) -> None:
    assert tokens_in(text, "WHMCS") == found


@pytest.mark.parametrize(
    "ref",
    [
        invoice_ref(501),
        payment_ref(900, 501),
        SourceRef(Kind.CREDIT_NOTE, "R905"),
        SourceRef(Kind.MOVEMENT, "T900/fee"),
        SourceRef(Kind.PAYMENT, "501/credit/120.00"),
    ],
)
def test_every_key_is_found_in_its_own_reference(ref: SourceRef) -> None:
    token = token_of("WHMCS", ref)
    assert tokens_in(str(Reference(token, "txn_1 and more")), "WHMCS") == (token,)
