"""WHMCS over its API: HTTP, the calls, and the records it sends as typed models."""
