"""Client balances: what they are made of, what used them, and what proves it."""
