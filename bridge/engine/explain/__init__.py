"""The history of one invoice, and what changed between two versions of it.

In: an entry of the sync log. Out: an `history.InvoiceHistory`, a value that reports render.
"""
