"""Both ends in memory: a billing system and its source, an accounting system and its target."""
