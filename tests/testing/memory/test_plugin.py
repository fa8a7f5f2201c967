"""The in-memory ends as a plugin: offered through pluggy, opened from settings."""

from pathlib import Path

import pluggy
import pytest
from pydantic import ValidationError

from bridge import hookspecs
from bridge.api import SourcePlugin, TargetPlugin
from bridge.testing.builders import a_client, an_invoice
from bridge.testing.memory.plugin import memory_plugin, memory_sandbox
from bridge.testing.memory.source import MemoryBilling


@pytest.fixture
def manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager("bridge")
    manager.add_hookspecs(hookspecs)
    manager.register(memory_plugin(MemoryBilling(a_client(), an_invoice())))
    manager.check_pending()
    return manager


def test_both_ends_are_offered(manager: pluggy.PluginManager) -> None:
    [sources], [targets] = manager.hook.bridge_sources(), manager.hook.bridge_targets()
    [source], [target] = list(sources), list(targets)
    assert isinstance(source, SourcePlugin)
    assert isinstance(target, TargetPlugin)
    assert (source.kind, target.kind) == ("memory", "memory")


def test_an_offer_opens_its_end_from_its_settings(manager: pluggy.PluginManager) -> None:
    [sources] = manager.hook.bridge_sources()
    [offer] = list(sources)
    with offer.open(offer.settings()(label="SHOP")) as source:
        assert source.label == "SHOP"
        assert [row.ref for row in source.invoices([an_invoice().ref])] == [an_invoice().ref]


def test_unknown_settings_are_refused(manager: pluggy.PluginManager) -> None:
    [targets] = manager.hook.bridge_targets()
    [offer] = list(targets)
    with pytest.raises(ValidationError, match="lable"):
        offer.settings()(lable="SHOP")


def test_the_sandbox_gives_settings_that_open(
    manager: pluggy.PluginManager, tmp_path: Path
) -> None:
    [targets] = manager.hook.bridge_targets()
    [offer] = list(targets)
    with (
        memory_sandbox(tmp_path) as sandbox,
        offer.open(offer.settings()(**sandbox.settings)) as target,
    ):
        assert target.check().system
