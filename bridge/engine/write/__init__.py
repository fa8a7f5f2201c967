"""Writing to the target, each step recorded in the log before and after, and reading back.

In: a `prepare.WorkItem` that is ready. Out: links, steps and the entry's new state in the sync log,
and the counters of the run report. Nothing else in the engine calls a target's write methods.
"""
