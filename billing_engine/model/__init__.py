"""Nouns: frozen values and pure helpers that every stage shares."""
