"""Lines a second and seconds to the first mail, over a real Apache Kafka broker and PostgreSQL: see `__main__`."""
