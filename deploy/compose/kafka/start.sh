# Starts Apache Kafka with our settings and on a root that is read only, where its image would write its own.
set -eu
settings=/etc/pullcord/server.properties
# The name of the cluster, chosen once. Data of another cluster is refused.
cluster=cHVsbGNvcmQta2Fma2EtMQ
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id "$cluster" --config "$settings"
exec /opt/kafka/bin/kafka-server-start.sh "$settings"
