"""Finding plugins, and a typed face over their hooks.

Plugins are found through the entry-point group `bridge`. Each is loaded behind a guard: one that
fails is named, with its distribution, and the others work.
"""

from bridge.registry.loading import load_plugins
from bridge.registry.origin import Origin
from bridge.registry.plugins import Broken, Loaded, Offered, Plugins

__all__ = ["Broken", "Loaded", "Offered", "Origin", "Plugins", "load_plugins"]
