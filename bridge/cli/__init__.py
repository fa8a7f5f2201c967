"""The commands. No logic: it lives in the engine."""
