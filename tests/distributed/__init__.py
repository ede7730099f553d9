"""The relay, the topics, the workers and their connections, on a real Apache Kafka and PostgreSQL."""
