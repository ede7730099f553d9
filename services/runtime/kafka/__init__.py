"""The distributed runner: relays and Faust workers, connected by Kafka. Needs the package extra `distributed`."""
