"""Taking back what a run created: by removing it, or by credit notes.

In: the number of a run. Out: a plan that a person confirms (`inspect`, `plan_reversal`), then the
same steps through the writer as a booking takes (`remove`, `reverse`).
"""
