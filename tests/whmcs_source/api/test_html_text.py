"""Text of WHMCS becomes plain text, and loses nothing that a person typed."""

import html

import pytest
from hypothesis import given, strategies as st
from whmcs_source.api.html_text import decoded, plain, single_line


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("M&uuml;ller", "Müller"),
        ("Smith &amp; Sons", "Smith & Sons"),
        ("O&#039;Neil", "O'Neil"),
        ("&amp;lt;", "&lt;"),
        ("Web S<br />01/01 - 31/01", "Web S\n01/01 - 31/01"),
        ("a<br>b<BR/>c", "a\nb\nc"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("the &lt;b&gt;bold&lt;/b&gt; ones", "the bold ones"),
        ('<span class="x">kept</span>', "kept"),
        ("Ann &lt;ann@example.com&gt;", "Ann <ann@example.com>"),
        ("5 &lt; 6 and 7 &gt; 6", "5 < 6 and 7 > 6"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("bell\x07 and null\x00", "bell and null"),
        ("caf\ud800é 😀", "café 😀"),
        ("two&nbsp;words ", "two words"),
    ],
)
def test_stored_text_is_shown_as_it_was_meant(stored: str, shown: str) -> None:
    assert plain(stored) == shown


def test_a_name_stands_on_one_line() -> None:
    assert single_line(" Web \n S<br>mall\t&amp; more ") == "Web S mall & more"


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="<>")))
def test_what_was_typed_without_angle_brackets_comes_back_whole(typed: str) -> None:
    """WHMCS escapes what is typed; decoding it once gives it back, ampersands and quotes too."""
    shown = plain(html.escape(typed))
    kept = typed.replace("\N{NO-BREAK SPACE}", " ").replace("\ufffe", "").replace("\uffff", "")
    assert shown.split() == kept.split()


@given(st.text())
def test_plain_text_holds_nothing_that_xml_forbids(text: str) -> None:
    shown = plain(text)
    assert not any(
        (ord(char) < 32 and char not in "\t\n")
        or 0xD800 <= ord(char) < 0xE000
        or char in "\ufffe\uffff"
        for char in shown
    )


def test_a_byte_that_is_no_utf8_is_read_as_western_and_harms_no_other() -> None:
    """Old installs mix Latin-1 bytes into UTF-8 tables; the rest of the reply stays right."""
    body = "naïve €".encode() + b" caf\xe9 \x80 \x81"
    assert decoded(body) == "naïve € café € \x81"


def test_a_byte_order_mark_is_no_text() -> None:
    assert decoded(b"\xef\xbb\xbf{}") == "{}"
