"""The tables of the sync log, and the questions and changes of each.

In: values of `tables.values`. Out: the same, or rows written in the caller's transaction.
"""
