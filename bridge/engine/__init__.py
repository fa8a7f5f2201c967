"""Scan, decide, act, settle, read back: decisions are pure values."""
