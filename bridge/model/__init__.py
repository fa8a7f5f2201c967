"""Frozen values that both ends speak in. No I/O, no knowledge of any one system."""
