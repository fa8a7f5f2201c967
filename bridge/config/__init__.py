"""bridge.yaml: its models, how it is read, and errors with line and column."""
