"""The database below the sync log: its address, connections, transactions and errors."""
