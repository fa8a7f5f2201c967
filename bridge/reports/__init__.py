"""Values as text, tables, HTML and JSON lines. Nothing here reads a source, a target or a clock.

In: a reconciliation's result or an invoice's history. Out: text.
"""
