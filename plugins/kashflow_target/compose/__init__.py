"""From the core's sales and payments to KashFlow's payloads. Pure once the account is read."""
