"""Records in KashFlow: customers, documents, payments, movements; read and written."""
