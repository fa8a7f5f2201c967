"""Do both books agree? Every record of both ends, in exactly one class, and the tables of it.

values      what the comparison comes to
tokens      what a key in the target stands for
lore        what the sync log says of a record, and whether that still holds
terms       what the comparison depends on
reading     both ends, read afresh, with the log
strays      records whose other half lies outside the period
documents   invoices and credit notes, matched (pure)
money       payments, refunds, fees and balances, matched (pure)
given       balance that staff gave or took, matched (pure)
worth       what a target's rows of money are worth in the source's currency (pure)
matching    all of it (pure)
accepting   differences that a person explained (pure)
keeping     that they were, written down
sums, returns, accounts, prepaid, owing, gaps
            the tables (pure)
report      everything in one value
text, page, chart, lines
            for people on a terminal, for a bookkeeper, and for programs
"""
