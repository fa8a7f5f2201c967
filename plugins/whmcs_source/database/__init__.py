"""WHMCS read straight from its MySQL or MariaDB tables, instead of over its API.

What the tables say becomes the very records that the API sends (`whmcs_source.api.wire_models`),
so that all rules about them are the same in both modes; only how they are fetched, and how changes
are found, differs.
"""
