"""What each exit code means. The table in docs/exit-codes.md is this one."""

EXIT_CODES = {
    0: "in step, or nothing to do",
    1: "crash, or the sync log could not be used",
    2: "usage or configuration",
    3: "finished; some invoices were newly held or failed",
    4: "finished; some outcomes are unknown",
    5: "reconcile found differences",
    10: "login or permission",
    11: "another run holds the lock",
    12: "an end is unreachable",
    130: "interrupted",
}
