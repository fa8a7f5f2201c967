"""Do both books agree? Every record of both ends, in exactly one class, and the tables of it.

In: a period. `read` reads both ends and the log afresh, `match` puts each record into a class
(`values.MatchClass`), pure from there on. Out: one `result.Reconciliation`, which `bridge.reports`
renders and `accept_write` may mark as explained.
"""
