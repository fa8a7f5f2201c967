"""A stand-in of KashFlow's SOAP service on loopback, as strict as a client's bugs deserve."""
