"""Compares the stored data with the audit, kind by kind."""
