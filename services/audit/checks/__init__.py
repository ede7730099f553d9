"""Compares the stored data with the audit. Each module compares some of the tables."""
