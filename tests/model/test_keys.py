"""Any id and number round trips, no two keys are written alike, and the head of a text counts."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from bridge.api import (
    Kind,
    Reference,
    SourceRef,
    client_ref,
    code_of,
    invoice_ref,
    payment_ref,
    refund_ref,
    token_at,
    token_of,
    transaction_ref,
)
from bridge.model.keys import (
    MOST,
    NO_KEY,
    Key,
    Role,
    UnusableIdError,
    bookings,
    document_of,
    key_of,
    ref_from,
    text_of,
)

WHMCS = (
    (Key(Role.INVOICE, "501"), "501", Kind.INVOICE),
    (Key(Role.INVOICE, "501", part=1), "501+1", Kind.INVOICE),
    (Key(Role.INVOICE, "501", booking=2), "501/2", Kind.INVOICE),
    (Key(Role.UNDONE, "501"), "501/undone1", Kind.INVOICE),
    (Key(Role.NOTE, "905"), "R905", Kind.CREDIT_NOTE),
    (Key(Role.CANCELLED, "501"), "501/cancelled", Kind.CREDIT_NOTE),
    (Key(Role.REVERSED, "501"), "501/reversed", Kind.CREDIT_NOTE),
    (Key(Role.REVERSED, "501", booking=2), "501/2/reversed", Kind.CREDIT_NOTE),
    (Key(Role.PAYMENT, "900", on=Key(Role.INVOICE, "501")), "T900/501", Kind.PAYMENT),
    (Key(Role.PAYMENT, "900", on=Key(Role.INVOICE, "501", part=1)), "T900/501+1", Kind.PAYMENT),
    (Key(Role.PAYMENT, "905", on=Key(Role.NOTE, "905")), "T905/R905", Kind.PAYMENT),
    (
        Key(Role.USE, on=Key(Role.INVOICE, "501"), amount="12.00"),
        "501/credit/12.00",
        Kind.PAYMENT,
    ),
    (Key(Role.TO_BALANCE, "905"), "R905/credit/0", Kind.PAYMENT),
    (Key(Role.TRANSACTION, "900"), "T900", Kind.MOVEMENT),
    (Key(Role.FEE, "900"), "T900/fee", Kind.MOVEMENT),
    (Key(Role.EXCESS, "900"), "T900/excess", Kind.MOVEMENT),
    (Key(Role.PREPAID, "900"), "T900/balance", Kind.MOVEMENT),
    (Key(Role.RETURNED, "900"), "T900/returned", Kind.MOVEMENT),
    (
        Key(Role.EXCHANGE, on=Key(Role.PAYMENT, "900", on=Key(Role.INVOICE, "501"))),
        "T900/501/exchange",
        Kind.MOVEMENT,
    ),
    (Key(Role.GIVEN, "77"), "C77/given", Kind.MOVEMENT),
)
"""One of each form that stands in the books of a WHMCS company, letter by letter."""

ODD = ("R12", "T5", "C7", "501/2", "501+1", "in_1NabC", "cus_9f", "~501", "%31", " 7", "7 ", "é/")
SHORT = st.one_of(
    st.integers(0, 10**9).map(str),
    st.sampled_from(ODD),
    st.text("/+~%.-_RTC012abc", min_size=1, max_size=12),
    st.text(min_size=1, max_size=12),
)
PARTS = st.integers(0, 999)
BOOKINGS = st.integers(1, 999)
AMOUNTS = st.decimals("-99999", "99999", places=2).map(str)


@st.composite
def keys(draw: st.DrawFn) -> Key:
    """A key of any role, of any ids and numbers."""
    role = draw(st.sampled_from([role for role in Role if role is not Role.NONE]))
    own, other = draw(SHORT), draw(SHORT)
    invoice = Key(Role.INVOICE, other, part=draw(PARTS))
    payment = draw(
        st.sampled_from(
            [
                Key(Role.PAYMENT, own, on=invoice),
                Key(Role.PAYMENT, own, on=Key(Role.NOTE, other)),
                Key(Role.USE, on=invoice, amount=draw(AMOUNTS)),
                Key(Role.TO_BALANCE, own),
            ]
        )
    )
    match role:
        case Role.INVOICE:
            return Key(role, own, part=draw(PARTS), booking=draw(BOOKINGS))
        case Role.UNDONE | Role.REVERSED:
            return Key(role, own, booking=draw(BOOKINGS))
        case Role.PAYMENT | Role.USE | Role.TO_BALANCE:
            return payment
        case Role.EXCHANGE:
            return Key(role, on=payment)
    return Key(role, own)


@pytest.mark.parametrize(("key", "text", "kind"), WHMCS, ids=[text for _, text, _ in WHMCS])
def test_the_keys_of_numbers_stay_as_they_are(key: Key, text: str, kind: Kind) -> None:
    assert (str(key), key.kind) == (text, kind)
    assert Key.parse(text) == Key.parse(text, kind) == key
    assert key_of(f"WHMCS-{text}", "WHMCS") == key
    assert token_at(f"WHMCS-{text} txn_A1", "WHMCS") == f"WHMCS-{text}"


@settings(max_examples=400)
@given(keys())
def test_every_key_reads_as_it_was_written(key: Key) -> None:
    text = str(key)
    assert Key.parse(text, key.kind) == key
    if key.role is not Role.CLIENT:
        assert Key.parse(text) == key
    assert text.isascii()
    assert text.split() == [text]


@settings(max_examples=400)
@given(keys())
def test_the_log_gives_back_what_it_was_given(key: Key) -> None:
    kept = text_of(key.ref)
    assert key.kind is not None
    assert ref_from(kept, key.kind) == key.ref
    assert Key.of(key.ref).ref == key.ref
    if key.role is not Role.INVOICE:  # booked again, it is still that invoice
        assert (kept, Key.of(key.ref)) == (str(key), key)


@settings(max_examples=400)
@given(keys(), keys())
@example(Key(Role.INVOICE, "R12"), Key(Role.NOTE, "12"))
@example(Key(Role.INVOICE, "501+1"), Key(Role.INVOICE, "501", part=1))
@example(Key(Role.INVOICE, "501/2"), Key(Role.INVOICE, "501", booking=2))
@example(Key(Role.INVOICE, "T5"), Key(Role.TRANSACTION, "5"))
def test_no_two_keys_are_written_alike(one: Key, other: Key) -> None:
    """A client's is told from an invoice's by the field that it stands in."""
    if (one.role is Role.CLIENT) == (other.role is Role.CLIENT) and one != other:
        assert str(one) != str(other)
        assert one.ref != other.ref or one.again(1) == other.again(1)


@settings(max_examples=400)
@given(st.text("501/+~%.-_RTCcredit5given1x", max_size=20))
def test_what_is_read_as_a_key_is_written_the_same(text: str) -> None:
    key = Key.parse(text)
    assert key == NO_KEY or str(key) == text


@settings(max_examples=400)
@given(keys(), st.text(max_size=20), st.sampled_from([" ", ", ", "\n", ") ", "; "]))
@example(Key(Role.INVOICE, "1310"), "WHMCS-5001", " ")
@example(Key(Role.INVOICE, "in_1NabC"), "WHMCS-R905", " ")
def test_only_the_key_at_the_head_counts(key: Key, detail: str, between: str) -> None:
    if key.role is Role.CLIENT:
        return
    token = key.token("WHMCS")
    assert token_at(token + between + detail) == token
    assert token_at(token + between + detail, "WHMCS") == token
    assert not token_at(token + between + detail, "MCS")
    assert Reference(token).heads(str(Reference(token, detail)))
    assert not token_at(f"about {token}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("WHMCS-501 F2026-77", "WHMCS-501"),
        ("WHMCS-501 WHMCS-5001", "WHMCS-501"),
        ("  WHMCS-501: see the mail", "WHMCS-501"),
        ("WHMCS-501.", "WHMCS-501"),
        ("WHMCS-5012, WHMCS-50", "WHMCS-5012"),
        ("F2026-77 (WHMCS-501)", ""),
        ("thanks for WHMCS-T900/501", ""),
        ("MYWHMCS-501", ""),
        ("WHMCS-501x", ""),
        ("WHMCS-501é", ""),
        ("WHMCS-501-2", ""),
        ("WHMCS-501/", ""),
        ("WHMCS501", ""),
        ("whmcs-501", ""),
        ("WHMCS-", ""),
        ("", ""),
    ],
)
def test_a_token_is_a_whole_word_at_the_head(text: str, found: str) -> None:
    assert token_at(text, "WHMCS") == found


def test_a_reference_without_a_token_heads_nothing() -> None:
    assert not Reference("").heads("by hand")
    assert not Reference("WHMCS-50").heads("WHMCS-501")


@pytest.mark.parametrize("make", [client_ref, invoice_ref, refund_ref, transaction_ref])
def test_an_empty_id_is_refused_by_name(make: object) -> None:
    with pytest.raises(UnusableIdError, match=r"id of its .* is empty"):
        token_of("WHMCS", make(""))  # type: ignore[operator]


def test_an_id_that_is_too_long_is_refused_by_name() -> None:
    assert len(token_of("WHMCS", payment_ref("9" * 100, "5" * 83))) == MOST
    with pytest.raises(UnusableIdError, match=r"T999.* 191 are the most"):
        token_of("WHMCS", payment_ref("9" * 100, "5" * 84))
    assert Key.parse("9" * (MOST + 1)) == NO_KEY


@given(st.lists(SHORT, min_size=2, max_size=8, unique=True))
@example(["31", "3-1", "31 ", "cus_9f", "cus_9F", "CUS_9f"])
def test_codes_are_letters_and_digits_and_each_of_its_own(ids: list[str]) -> None:
    """Whatever the target thinks of letter case."""
    codes = {code_of(token_of("WHMCS", client_ref(one))).upper() for one in ids}
    assert len(codes) == len(ids)
    assert all(code.isascii() and code.isalnum() and len(code) <= 20 for code in codes)


def test_the_code_of_a_number_stays_as_it_is() -> None:
    assert code_of("WHMCS-31") == "WHMCS31"


def test_what_a_key_belongs_to() -> None:
    payment = Key.of(payment_ref("ch_77", "in_1NabC"))
    assert (payment.owner, payment.invoice) == ("ch_77", "in_1NabC")
    assert document_of(payment.ref) == invoice_ref("in_1NabC")
    payout = Key.parse("T905/R905")
    assert (payout.owner, payout.invoice, payout.is_money_back) == ("905", "", True)
    assert document_of(payout.ref) == refund_ref(905)
    assert Key.parse("501+1/credit/12.00").owner == "501"
    assert document_of(Key.parse("R905/credit/0").ref) == refund_ref(905)
    with pytest.raises(ValueError, match="501"):
        document_of(invoice_ref(501))


def test_a_reversed_booking_is_counted() -> None:
    links = [invoice_ref(501), SourceRef(Kind.CREDIT_NOTE, "501/reversed")]
    assert bookings(links) == 1
    assert bookings([*links, Key(Role.UNDONE, "501").ref, invoice_ref("501/undone2")]) == 2


def _rows_of_the_page() -> list[tuple[str, str, str]]:
    """Role, kind and example of each form in docs/internals/keys.md."""
    page = (Path(__file__).parents[2] / "docs/internals/keys.md").read_text()
    table = page.partition("<!-- tested: keys -->")[2].strip().partition("\n\n")[0]
    rows = [[cell.strip().strip("`") for cell in line.split(" | ")] for line in table.splitlines()]
    return [(row[0].removeprefix("| `"), row[1], row[3]) for row in rows[2:]]


def test_the_page_shows_every_form() -> None:
    assert {role for role, _, _ in _rows_of_the_page()} == set(Role) - {Role.NONE}


@pytest.mark.parametrize(("role", "kind", "example"), _rows_of_the_page())
def test_each_example_of_the_page_is_a_key_of_its_role(role: str, kind: str, example: str) -> None:
    key = Key.parse(example, Kind(kind))
    assert (key.role.value, str(key)) == (role, example)
