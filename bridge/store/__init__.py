"""The sync log: what was seen, decided, sent and answered. SQLAlchemy Core, three databases."""
