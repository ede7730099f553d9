"""Measures lines per second, and delay of the first mail, with a real Apache Kafka and PostgreSQL: see `__main__`."""
