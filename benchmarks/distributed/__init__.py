"""Measures lines a second and seconds to the first mail, over a real Apache Kafka and PostgreSQL: see `__main__`."""
