"""Each module compares some of the tables with the audit."""
