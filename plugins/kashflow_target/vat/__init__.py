"""VAT: which rule a sale falls under, by country, date and tax number, and the UK's rows."""
