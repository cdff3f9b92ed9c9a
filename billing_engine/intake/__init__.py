"""Intake: files become values; what can not be read is reported with where, what was found and what is allowed."""
