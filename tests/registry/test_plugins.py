"""Plugins are found, named and guarded: none can stop bridge, and none is guessed about."""

import datetime as dt
import importlib
import logging
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import EntryPoint, PathDistribution, entry_points
from pathlib import Path

import pytest

from bridge.api import ConfigError, Reason, Run
from bridge.registry import Plugins, load_plugins
from bridge.registry.installed import Point, installed
from bridge.testing import builders

RUN = Run(1, "books", "sync", dt.datetime(2026, 4, 1, tzinfo=dt.UTC))

OFFER = """
from bridge.api import SourcePlugin, hookimpl

@hookimpl
def bridge_sources():
    yield SourcePlugin("{kind}", "a shop", dict, dict, dict, "url")
"""

Install = Callable[..., EntryPoint]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Writes a distribution into a directory that is on the path, as an installer would."""
    monkeypatch.syspath_prepend(tmp_path)
    modules = set(sys.modules)

    def installer(name: str, body: str, direct_url: str = "") -> EntryPoint:
        (tmp_path / f"{name}_plugin.py").write_text(body)
        info = tmp_path / f"{name}_plugin-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_text(f"[bridge]\n{name} = {name}_plugin\n")
        if direct_url:
            (info / "direct_url.json").write_text(direct_url)
        importlib.invalidate_caches()
        (point,) = PathDistribution(info).entry_points
        return point

    yield installer
    for name in set(sys.modules) - modules:
        if name.endswith("_plugin"):
            del sys.modules[name]


def _only(install: Install, body: str) -> Plugins:
    return load_plugins([install("only", body)])


def test_a_plugin_is_named_with_its_version_and_place(install: Install, tmp_path: Path) -> None:
    (offered,) = _only(install, OFFER.format(kind="shop")).sources()
    origin = offered.origin
    assert (origin.distribution, origin.version) == ("only", "1.2.3")
    assert origin.path == str(tmp_path / "only_plugin.py")
    assert not origin.editable


def test_a_working_copy_is_told(install: Install) -> None:
    url = '{"url": "file:///x", "dir_info": {"editable": true}}'
    point = install("copy", OFFER.format(kind="shop"), url)
    assert load_plugins([point]).sources()[0].origin.editable


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("import no_such_module", "could not be imported: ModuleNotFoundError"),
        ("raise SystemExit(3)", "could not be imported: SystemExit: 3"),
        ("def broken(:", "could not be imported: SyntaxError"),
        ("x = 1", "it has no hook: mark its functions with @hookimpl"),
        (
            "from bridge.api import hookimpl\n@hookimpl\ndef bridge_soruces():\n    return []",
            "it answers bridge_soruces, which is not a hook of bridge",
        ),
        (
            "from bridge.api import hookimpl\n@hookimpl\ndef bridge_run_started(run, colour): ...",
            "{'colour'} are declared in the hookimpl but can not be found in the hookspec",
        ),
        (
            (
                "from bridge.api import hookimpl\n"
                "@hookimpl(wrapper=True)\ndef bridge_sources():\n    return (yield)"
            ),
            "its hook bridge_sources is a wrapper",
        ),
        (
            "from bridge.api import hookimpl\n@hookimpl\ndef bridge_sources():\n    yield 1 / 0",
            "its hook bridge_sources failed: ZeroDivisionError: division by zero",
        ),
        (
            "from bridge.api import hookimpl\n@hookimpl\ndef bridge_sources():\n    yield 'shop'",
            "gave a str in place of a SourcePlugin",
        ),
        (OFFER.format(kind="My Shop"), "its kind 'My Shop' is not made of"),
    ],
)
def test_what_is_wrong_with_a_plugin_is_told_and_the_others_work(
    install: Install, body: str, told: str
) -> None:
    good = install("good", OFFER.format(kind="shop"))
    plugins = load_plugins([install("bad", body), good])
    assert [one.offer.kind for one in plugins.sources()] == ["shop"]
    (broken,) = plugins.broken
    assert broken.origin.distribution == "bad"
    assert told in broken.error


def test_two_of_a_kind_are_both_refused_and_named(install: Install) -> None:
    one, two = (install(name, OFFER.format(kind="shop")) for name in ("one", "two"))
    third = install("third", OFFER.format(kind="other"))
    plugins = load_plugins([one, two, third])
    assert [each.offer.kind for each in plugins.sources()] == ["other"]
    with pytest.raises(ConfigError) as caught:
        plugins.source("shop")
    assert "offered by one and two" in caught.value.problems[0].what
    assert plugins.source("other").kind == "other"


def test_a_missing_kind_names_those_there_are_and_those_that_broke(install: Install) -> None:
    good = install("good", OFFER.format(kind="shop"))
    plugins = load_plugins([good, install("bad", "import no_such_module")])
    with pytest.raises(ConfigError) as caught:
        plugins.source("xero")
    problem = caught.value.problems[0]
    assert problem.key == "source.plugin"
    assert "write one of: shop" in problem.remedy
    assert "bad" in problem.remedy


RULE = """
from bridge.api import Hold, Reason, hookimpl

@hookimpl
def bridge_review_invoice(invoice):
    {body}
"""


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return Hold(Reason.HOUSE_RULE, 'too large', 'ask')", "too large"),
        (
            "raise RuntimeError('no network')",
            "only (only 1.2.3) failed in bridge_review_invoice: RuntimeError: no network",
        ),
        ("raise SystemExit(0)", "only (only 1.2.3) failed in bridge_review_invoice: SystemExit: 0"),
        ("return 'no'", "the plugin only (only 1.2.3) returned str in place of a Hold"),
    ],
)
def test_a_house_rule_holds_and_so_does_one_that_fails(
    install: Install, body: str, told: str
) -> None:
    """What a rule would have said is not guessed."""
    hold = _only(install, RULE.format(body=body)).review(builders.an_invoice())
    assert hold is not None
    assert hold.reason is Reason.HOUSE_RULE
    assert told in hold.what


def test_a_rule_that_has_nothing_to_say_lets_the_next_speak(install: Install) -> None:
    silent = install("silent", RULE.format(body="return None"))
    strict = install("strict", RULE.format(body="return Hold(Reason.HOUSE_RULE, 'no', 'ask')"))
    for order in ([silent, strict], [strict, silent]):
        hold = load_plugins(order).review(builders.an_invoice())
        assert hold is not None
        assert hold.what == "no"
    assert load_plugins([silent]).review(builders.an_invoice()) is None


OBSERVER = """
from bridge.api import hookimpl

seen = []

@hookimpl
def bridge_run_started(run):
    seen.append(run.id)
    {body}
"""


def test_an_observer_that_fails_is_logged_and_the_others_are_told(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    points = [
        install("first", OBSERVER.format(body="raise RuntimeError('full')")),
        install("second", OBSERVER.format(body="raise ValueError('also')")),
    ]
    with caplog.at_level(logging.WARNING, logger="bridge.plugins"):
        load_plugins(points).run_started(RUN)
    assert [sys.modules[f"{name}_plugin"].seen for name in ("first", "second")] == [[1], [1]]
    told = " ".join(caplog.messages)
    assert (
        "first (first 1.2.3) failed in bridge_run_started: RuntimeError: full; the run goes on"
        in told
    )
    assert "second" in told


def test_what_is_installed_here_is_found_through_entry_points() -> None:
    plugins = load_plugins()
    assert plugins.source("whmcs").sandbox_key == "url"
    assert plugins.target("kashflow").sandbox_key == "endpoint"
    assert not plugins.broken


def _named(points: Iterable[Point]) -> set[tuple[str, str]]:
    return {(point.name, point.value) for point in points}


def test_every_plugin_that_python_knows_of_is_found(install: Install) -> None:
    """Reading a few files answers what `importlib.metadata` does, in a tenth of the time."""
    install("shop", OFFER.format(kind="shop"))
    found = _named(installed("bridge"))
    assert {("shop", "shop_plugin"), ("whmcs", "whmcs_source.plugin")} <= found
    assert found == _named(entry_points(group="bridge"))
    assert _named(installed("console_scripts")) == _named(entry_points(group="console_scripts"))


def test_of_two_copies_of_a_distribution_the_first_on_the_path_counts(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("shop", OFFER.format(kind="shop"))
    other = tmp_path / "other" / "Shop_Plugin-2.0.dist-info"
    other.mkdir(parents=True)
    (other / "entry_points.txt").write_text("[bridge]\nshop = another\n")
    sys.path.append(str(other.parent))
    assert [one.value for one in installed("bridge") if one.name == "shop"] == ["shop_plugin"]
    monkeypatch.syspath_prepend(other.parent)
    assert [one.value for one in installed("bridge") if one.name == "shop"] == ["another"]


def test_a_plugin_in_a_zip_file_is_found_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "zipped.zip", "w") as archive:
        info = "zipped-1.0.dist-info"
        archive.writestr("zipped_plugin.py", OFFER.format(kind="zipped"))
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: zipped\nVersion: 1.0\n")
        archive.writestr(f"{info}/entry_points.txt", "[bridge]\nzipped = zipped_plugin\n")
    monkeypatch.syspath_prepend(tmp_path / "zipped.zip")
    found = {one.offer.kind: one.origin for one in load_plugins().sources()}
    assert (found["zipped"].distribution, found["zipped"].version) == ("zipped", "1.0")


def test_what_an_entry_point_names_may_be_a_part_of_a_module(install: Install) -> None:
    body = "class Shop:\n" + "\n".join("    " + line for line in OFFER.splitlines())
    install("nested", body.format(kind="nested"))
    (info,) = Path(sys.path[0]).glob("nested*.dist-info")
    (info / "entry_points.txt").write_text("[other]\na = b\n\n[bridge]\nx = nested_plugin : Shop\n")
    (point,) = [one for one in installed("bridge") if one.name == "x"]
    assert point.load().__name__ == "Shop"
