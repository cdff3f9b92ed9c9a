"""E-invoices by EN 16931: what an invoice says in business terms, written as CII or UBL, and files checked."""
