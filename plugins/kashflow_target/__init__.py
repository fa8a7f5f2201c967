"""KashFlow, UK accounting over SOAP, as a target for bridge."""
