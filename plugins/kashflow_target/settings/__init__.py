"""The `target:` section of bridge.yaml: its models, and names that stand in the account."""
