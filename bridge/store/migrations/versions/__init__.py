"""One file a revision, each a frozen piece of the schema's history."""
