"""bridge.yaml: its models, how it is read, and errors with line and column."""

from bridge.config.file import Config, Offers, load
from bridge.config.secrets import without
from bridge.config.section import Section

__all__ = ["Config", "Offers", "Section", "load", "without"]
