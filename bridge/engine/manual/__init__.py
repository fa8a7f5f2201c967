"""What an operator does by hand: retry, skip, link, unlink, answer, prune.

In: names of invoices from the command line. Out: entries, links and answers in the sync log, each
with an event that says who did it.
"""
