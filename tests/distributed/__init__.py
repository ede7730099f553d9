"""The relay, the topics, the workers and their way to the brokers, against a real Apache Kafka and PostgreSQL."""
