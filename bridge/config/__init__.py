"""bridge.yaml: its models, how it is read, and errors with line and column."""

from bridge.config.file import Config, load
from bridge.config.secrets import without
from bridge.config.section import Offer, Section

__all__ = ["Config", "Offer", "Section", "load", "without"]
