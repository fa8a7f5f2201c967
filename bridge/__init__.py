"""bridge: copies billing into accounting, exactly once and to the penny."""

__version__ = "0.2.0"
