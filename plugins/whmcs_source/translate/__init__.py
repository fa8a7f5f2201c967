"""From WHMCS's records to the core's: invoices, transactions, credit, headers. Pure."""
