"""The offer: found by its entry point, and light."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

HEAVY = ("pydantic", "requests", "zeep", "lxml", "sqlalchemy", "babel", "stdnum", "stamina")


def test_the_entry_point_offers_kashflow() -> None:
    [entry] = [each for each in entry_points(group="bridge") if each.name == "kashflow"]
    [offer] = entry.load().bridge_targets()
    assert (offer.kind, offer.sandbox_key) == ("kashflow", "endpoint")
    assert offer.summary
    assert offer.settings().__name__ == "KashFlowSettings"


@pytest.mark.parametrize("module", ["kashflow_target.plugin"])
def test_importing_the_offer_imports_nothing_heavy(module: str) -> None:
    """Every start of bridge pays for it."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & set(HEAVY)
