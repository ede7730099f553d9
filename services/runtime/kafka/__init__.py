"""The distributed runner: relays, Kafka, Faust workers. Needs the `distributed` extra."""
