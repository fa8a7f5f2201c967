"""What bridge does: decide, prepare, write, run, undo, reconcile. It knows neither system.

Decisions are pure values; one place writes.
"""
