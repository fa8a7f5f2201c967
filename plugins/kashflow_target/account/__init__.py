"""The KashFlow account as read: its reference data, and the settings resolved against it."""
