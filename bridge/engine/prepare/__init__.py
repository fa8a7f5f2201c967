"""Reading and deciding ahead of the writing.

In: rows of the work list. Out: one `prepare.WorkItem` a row, which says how far the invoice is:
what is to be written, frozen as the target's payloads (`compose.Composed`), or why nothing is.
"""
