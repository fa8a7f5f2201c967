"""KashFlow over SOAP: requests, HTTP, replies, and what a reply means for the caller."""
