"""Which invoices may have changed since the last scan, found over the API."""
