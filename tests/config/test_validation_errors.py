"""Everything that is wrong in bridge.yaml is told at once, with its place and what to write."""

from collections.abc import Mapping
from typing import Any

import pytest

from bridge.api import ConfigError
from bridge.config import load

Table = list[tuple[str, Mapping[str, str], str, list[str]]]

# What is changed in the file or added to it, and every line that is told: place, what, remedy.
TABLE: Table = [
    (
        "an unknown key with its nearest name",
        {"start_date": "strat_date"},
        "",
        [
            (
                "bridge.yaml:9:1 sync.start_date is missing"
                " > add it; `bridge config schema` lists every setting"
            ),
            "bridge.yaml:10:3 'strat_date' is not a setting > write 'start_date', or remove it",
        ],
    ),
    (
        "an unknown key like no other",
        {"  url:": "  zzz: 1\n  url:"},
        "",
        [
            (
                "bridge.yaml:3:3 'zzz' is not a setting"
                " > remove it, or write one of: url, secret, key, timeout_s, label"
            )
        ],
    ),
    (
        "an unknown key deep in a plugin's part",
        {"code: 1210": "cood: 1210"},
        "",
        ["bridge.yaml:8:33 'cood' is not a setting > write 'code', or remove it"],
    ),
    (
        "a key of the design that is not built yet",
        {},
        "notify: {urls: []}\n",
        [
            (
                "bridge.yaml:12:1 telling anyone of a run is not built yet"
                " > remove `notify`; cron mails what a run prints"
            )
        ],
    ),
    (
        "an archive kept for less than the law asks",
        {},
        "retention_years: 5\n",
        [
            (
                "bridge.yaml:12:18 records of sales and VAT are kept for 6 years at least"
                " > write 6 or more, or leave it out"
            )
        ],
    ),
    (
        "numbers out of bounds, and no numbers at all",
        {"  url:": "  timeout_s: 0\n  url:"},
        "  batch_limit: -1\n  retries: many\n  settle_delay_s: 1.5\n",
        [
            "bridge.yaml:3:14 0 is not more than 0 > write more than 0",
            "bridge.yaml:13:16 -1 is not at least 0 > write at least 0",
            "bridge.yaml:14:12 'many' is not a whole number > write a whole number",
            "bridge.yaml:15:19 1.5 is not a whole number > write a whole number",
        ],
    ),
    (
        "a day that never was",
        {"2025-09-01": "2025-02-30"},
        "",
        ["bridge.yaml:10:15 it is not a day > write it as year-month-day, such as 2026-04-01"],
    ),
    (
        "a number is no day, though it could be seconds since 1970",
        {"2025-09-01": "86400"},
        "",
        ["bridge.yaml:10:15 it is not a day > write it as year-month-day, such as 2026-04-01"],
    ),
    (
        "VAT invoices that would be booked when paid",
        {"proforma": "vat_invoice"},
        "",
        [
            (
                "bridge.yaml:11:21 VAT on an unpaid VAT invoice is due from its issue, so it cannot"
                " be booked when it is paid > add `book_when: issued`, or `vat_scheme: cash` if"
                " you account for VAT by payments, or write `unpaid_documents: proforma` if unpaid"
                " invoices are proformas"
            )
        ],
    ),
    (
        "a word that is not one of few",
        {"proforma": "invoice"},
        "",
        [
            (
                "bridge.yaml:11:21 'invoice' is not proforma or vat_invoice"
                " > write proforma or vat_invoice; did you mean vat_invoice"
            )
        ],
    ),
    (
        "nothing where something is due",
        {"proforma": ""},
        "",
        [
            (
                "bridge.yaml:11:20 sync.unpaid_documents, which is empty, is not proforma or"
                " vat_invoice > write proforma or vat_invoice"
            )
        ],
    ),
    (
        "what a union takes, in one line",
        {"{name: Card, code: 1210}": "nothing"},
        "",
        [
            (
                "bridge.yaml:8:20 'nothing' is not a mapping of keys to values or none"
                " > write a mapping of keys to values or none"
            )
        ],
    ),
    (
        "only the branch of a union that fits what is written",
        {"code: 1210": "kind: banc"},
        "",
        [
            (
                "bridge.yaml:8:39 'banc' is not bank or clearing"
                " > write bank or clearing; did you mean bank"
            )
        ],
    ),
    (
        "a plugin that is not installed",
        {"plugin: shop": "plugin: shpo"},
        "",
        ["bridge.yaml:2:11 no source plugin of the kind 'shpo' is installed > write one of: shop"],
    ),
    (
        "an end that names no plugin",
        {"  plugin: shop\n": ""},
        "",
        [
            (
                "bridge.yaml:1:1 source.plugin is missing"
                " > add it; `bridge config schema` lists every setting"
            )
        ],
    ),
    (
        "a plugin's own sentence, at the key that it begins with",
        {"  endpoint: sandbox": "  endpoint: x\n  username: a\n  password: b\n  reverse: all"},
        "",
        ["bridge.yaml:10:3 reverse is not possible > leave it out"],
    ),
    (
        "a setting that a plugin requires",
        {"  endpoint: sandbox": "  endpoint: x\n  username: a"},
        "",
        [
            (
                "bridge.yaml:5:1 target.password is missing"
                " > add it; `bridge plugins show ledger` lists its settings"
            )
        ],
    ),
    (
        "variables that are not set, and files that are not there",
        {"${SHOP_SECRET}": "${NO_SUCH}", "https": "${file:/no/such}"},
        "name: ${a b}\nstore: sqlite:///${unclosed\n",
        [
            (
                "bridge.yaml:3:8 the file /no/such could not be read: No such file or directory"
                " > create it, or let bridge's user read it"
            ),
            (
                "bridge.yaml:4:11 the environment variable NO_SUCH is not set"
                " > set NO_SUCH where bridge runs, or write the value here"
            ),
            (
                "bridge.yaml:12:7 ${a b} is neither a variable nor a file"
                " > write ${NAME} or ${file:/path}, or $${ for a plain ${"
            ),
            "bridge.yaml:13:8 a ${ is not closed > close it with }, or write $${ for a plain ${",
        ],
    ),
    (
        "a key that is written twice, in each place",
        {"  url:": "  url: https://other.example\n  url:"},
        "sync: {}\n",
        [
            "bridge.yaml:4:3 the key 'url' is written twice, first on line 3 > keep one of them",
            "bridge.yaml:13:1 the key 'sync' is written twice, first on line 10 > keep one of them",
        ],
    ),
    (
        "names and stores that would not do",
        {},
        "name: our books\nstore: sqlite://\n",
        [
            (
                "bridge.yaml:12:7 it is not a name that runs and locks can bear"
                " > write letters, digits, - and _, at most 64"
            ),
            (
                "bridge.yaml:13:8 a database in memory forgets what was sent"
                " > name a file: sqlite:///bridge.db"
            ),
        ],
    ),
    (
        "a database that bridge does not know",
        {},
        "store: oracle://bridge:hunter22@db/books\n",
        [
            (
                "bridge.yaml:12:8 it is not the URL of a database that bridge can use > write"
                " sqlite:///bridge.db, or a URL that begins with postgresql:// or mariadb://"
            )
        ],
    ),
    (
        "merge keys and keys that are no words",
        {},
        "  <<: {workers: 1}\n? [a, b]\n: 1\n",
        [
            "bridge.yaml:12:3 merge keys (<<) are not read > write the keys out",
            "bridge.yaml:13:3 a key is not a plain word > write the key as one word or quote it",
        ],
    ),
    (
        "a file that never ends",
        {"endpoint: sandbox": "endpoint: &all [*all]"},
        "",
        ["bridge.yaml:7:13 an alias makes the file endless or huge > write the value out"],
    ),
]


def _told(error: ConfigError) -> list[str]:
    return [f"{one.where} {one.what} > {one.remedy}" for one in error.problems]


@pytest.mark.parametrize(
    ("changes", "tail", "told"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_each_problem_has_its_place_and_its_remedy(
    write: Any, offers: Any, changes: Mapping[str, str], tail: str, told: list[str]
) -> None:
    path = write(changes, tail)
    with pytest.raises(ConfigError) as caught:
        load(path, offers)
    assert _told(caught.value) == told


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("name:\n\tx: 1\n", "bridge.yaml:2:1", "indent with spaces"),
        ("name: a\nsource: {plugin: ${X}}\n", "bridge.yaml:2:", "put quotes around ${...}"),
        ("name: 'a\n", "bridge.yaml:", "check the indentation, colons and quotes"),
        ("name: a\n---\nname: b\n", "bridge.yaml:2:1", "check the indentation"),
        ("- a\n- b\n", "bridge.yaml:1:1", "begin with `name: books`"),
        ("just words\n", "bridge.yaml:1:1", "begin with `name: books`"),
    ],
)
def test_what_is_not_yaml_is_told_with_its_place(
    write: Any, offers: Any, text: str, place: str, remedy: str
) -> None:
    """The words come from the YAML library, the place and the remedy from us."""
    with pytest.raises(ConfigError) as caught:
        load(write(text=text), offers)
    (problem,) = caught.value.problems
    assert problem.where.startswith(place)
    assert problem.remedy.startswith(remedy)


def test_an_empty_file_lists_what_is_required(write: Any, offers: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        load(write(text=""), offers)
    assert [one.key for one in caught.value.problems] == ["source", "target", "sync"]


def test_bytes_that_are_no_text_are_told_with_their_line(write: Any, offers: Any) -> None:
    path = write()
    path.write_bytes(b"name: a\nstore: \xff\xfe\n")
    with pytest.raises(ConfigError) as caught:
        load(path, offers)
    assert _told(caught.value) == ["bridge.yaml:2:1 the file is not UTF-8 text > save it as UTF-8"]


def test_billions_of_laughs_end_at_once(write: Any, offers: Any) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ConfigError) as caught:
        load(write(text="\n".join(lines)), offers)
    assert "endless or huge" in caught.value.problems[0].what


def test_a_problem_that_is_found_later_gets_its_place(write: Any, offers: Any) -> None:
    """The engine and the target know a setting's key; the file knows where it stands."""
    from bridge.api import Problem

    config = load(write({"card:": "card.eu:"}), offers)
    late = ConfigError(
        [
            Problem("no such account", "write Cards", key="target.accounts.card.eu.name"),
            Problem("told elsewhere", "look there", "other.yaml:1:1", "target.accounts"),
            Problem("no key", "nothing"),
        ]
    )
    places = [one.where for one in config.placed(late).problems]
    assert places == ["bridge.yaml:8:24", "other.yaml:1:1", ""]
