"""Invoicing: rated statements become invoice drafts with lines and totals. Pure functions of frozen values."""
