"""One run from beginning to end: settle, scan, prefetch, look up, write, read back, report.

In: a `context.SyncRequest`. Out: a `Report`. Threads live here and nowhere else.
"""
