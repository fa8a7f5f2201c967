"""WHMCS, hosting billing, as a source for bridge."""
