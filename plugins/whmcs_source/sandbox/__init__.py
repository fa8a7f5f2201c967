"""A stand-in of WHMCS on loopback: its HTTP API, its tables, its oddities, and a hosting company.

`factory.sandbox` starts it, `seed` says what is in it, `driver` changes it as an admin would.
"""
