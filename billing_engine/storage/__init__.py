"""Storage: SQLAlchemy Core tables, rows to values and back, the schema's migrations."""
