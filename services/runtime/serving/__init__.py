"""Limits of the HTTP server: connections, concurrent work, and requests of one caller."""
