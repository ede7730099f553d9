"""Measures a Pullcord of several processes, with a real Apache Kafka and a real PostgreSQL."""
