"""Compares the stored data with the audit. Each module compares some kinds of data."""
