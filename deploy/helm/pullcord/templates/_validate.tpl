{{/* What no schema can say of a single value: each fault a sentence, all of them at once. */}}
{{- define "pullcord.validate" -}}
{{- $faults := list }}
{{- with .Values }}
{{- if not .publicUrl }}
{{- $faults = append $faults "publicUrl is empty: set it to how people reach Pullcord from outside, such as https://pullcord.example; the links in alerts begin with it." }}
{{- else if not (regexMatch "^https?://[^/?#\\s]+/?$" .publicUrl) }}
{{- $faults = append $faults (printf "publicUrl is %q: it must be https:// and a host, with nothing after it." .publicUrl) }}
{{- end }}
{{- if and .networkPolicy.enabled (or .ingress.enabled .gateway.enabled) (not .networkPolicy.ingestFrom) }}
{{- $faults = append $faults "networkPolicy.ingestFrom is empty, so nobody could reach the ingest API: name the pods of your ingress controller or gateway." }}
{{- end }}
{{- if and .networkPolicy.enabled (or .metrics.monitors.enabled .metrics.oversight.enabled) (not .networkPolicy.metricsFrom) }}
{{- $faults = append $faults "networkPolicy.metricsFrom is empty, so Prometheus could not reach what the monitors tell it to read: name its pods." }}
{{- end }}
{{- if and .gateway.enabled (not .gateway.parentRefs) }}
{{- $faults = append $faults "gateway.parentRefs is empty: name the Gateway that the HTTPRoute belongs to." }}
{{- end }}
{{- range .extraEnv }}
{{- if hasPrefix "PULLCORD_" .name }}
{{- $faults = append $faults (printf "extraEnv has %s: settings of Pullcord are set by the values of this chart, and secrets by reference." .name) }}
{{- end }}
{{- end }}
{{- range $name, $value := .podLabels }}
{{- if hasPrefix "app.kubernetes.io/" $name }}
{{- $faults = append $faults (printf "podLabels has %s: by labels of that prefix the chart knows its own pods." $name) }}
{{- end }}
{{- end }}
{{- range $name, $value := .commonLabels }}
{{- if regexMatch "^(app[.]kubernetes[.]io|helm[.]sh)/" $name }}
{{- $faults = append $faults (printf "commonLabels has %s: by labels of that prefix the chart and Helm know their own objects." $name) }}
{{- end }}
{{- end }}
{{- $ours := list "tmp" "data" "keys" "database-ca" "kafka-ca" "kafka-certificate" }}
{{- range .extraVolumes }}
{{- if has .name $ours }}
{{- $faults = append $faults (printf "extraVolumes has %s: the chart has a volume of that name." .name) }}
{{- end }}
{{- end }}
{{- $extra := list }}
{{- range .extraVolumes }}{{ $extra = append $extra .name }}{{ end }}
{{- range .extraVolumeMounts }}
{{- if not (has .name $extra) }}
{{- $faults = append $faults (printf "extraVolumeMounts has %s: extraVolumes has no volume of that name." .name) }}
{{- end }}
{{- end }}
{{- $host := include "pullcord.host" $ }}
{{- range .ingress.hosts }}
{{- if eq .host $host }}
{{- $faults = append $faults (printf "ingress.hosts has %s, which is the host of publicUrl and there already." .host) }}
{{- end }}
{{- end }}
{{- if and .metrics.prometheusRule.enabled (not (regexMatch "^https?://[^\\s]+$" .metrics.prometheusRule.runbookUrl)) }}
{{- $faults = append $faults (printf "metrics.prometheusRule.runbookUrl is %q: it must be the whole address, such as https://wiki.example/pullcord; a link in an alert is opened from a telephone at night." .metrics.prometheusRule.runbookUrl) }}
{{- end }}
{{- if and .metrics.oversight.enabled (not .metrics.oversight.existingSecret) }}
{{- $faults = append $faults "metrics.oversight.existingSecret is empty: name the Secret with a regulator's API key." }}
{{- end }}
{{- if .backup.enabled }}
{{- if eq .mode "distributed" }}
{{- $faults = append $faults "backup.enabled is for the embedded mode: back PostgreSQL up by its own tools, such as a ScheduledBackup of CloudNativePG." }}
{{- else if not .backup.existingClaim }}
{{- $faults = append $faults "backup.existingClaim is empty: name the volume claim that the backups go to." }}
{{- end }}
{{- if eq .embedded.persistence.accessMode "ReadWriteOncePod" }}
{{- $faults = append $faults "backup.enabled needs a second pod at the volume, which embedded.persistence.accessMode ReadWriteOncePod refuses: use ReadWriteOnce." }}
{{- end }}
{{- end }}
{{- $known := list "consumers" "ingest" "relay" }}
{{- range ($.Files.Get "files/consumers.yaml" | fromYaml).consumers }}{{ $known = append $known .name }}{{ end }}
{{- range $role := keys .roles | sortAlpha }}
{{- if not (has $role $known) }}
{{- $faults = append $faults (printf "roles.%s names no role of this chart." $role) }}
{{- end }}
{{- end }}
{{- if and .watchdog.enabled (eq .mode "embedded") }}
{{- $faults = append $faults "watchdog.enabled is for the distributed mode: beside SQLite, run `pullcord watchdog` where the database is." }}
{{- end }}
{{- if and .watchdog.enabled (not (or .watchdog.mailServer.existingSecret .watchdog.webhook.existingSecret .watchdog.heartbeat.existingSecret)) }}
{{- $faults = append $faults "watchdog has no way to tell anybody: name the Secret of its mail server, its webhook or its heartbeat." }}
{{- end }}
{{- if and .watchdog.enabled (ne (empty .watchdog.mailTo) (empty .watchdog.mailServer.existingSecret)) }}
{{- $faults = append $faults "watchdog.mailTo and watchdog.mailServer.existingSecret need each other: set both." }}
{{- end }}
{{- if eq .mode "distributed" }}
{{- $faults = concat $faults (include "pullcord.distributedFaults" $ | fromYamlArray) }}
{{- end }}
{{- end }}
{{- if $faults }}
{{- printf "\n\n%s\n" (join "\n" $faults) | fail }}
{{- end }}
{{- end }}

{{/* Likewise for what only the distributed mode has, as a YAML list. */}}
{{- define "pullcord.distributedFaults" -}}
{{- $faults := list }}
{{- with .Values.kafka }}
{{- if not .brokers }}
{{- $faults = append $faults "kafka.brokers is empty: name the addresses of your brokers, such as kafka-kafka-bootstrap.kafka.svc:9093." }}
{{- end }}
{{- range .brokers }}
{{- if not (regexMatch "^[^/,\\s]+:[0-9]+$" .) }}
{{- $faults = append $faults (printf "kafka.brokers has %q: an address is a host and a port, such as kafka-kafka-bootstrap.kafka.svc:9093." .) }}
{{- end }}
{{- end }}
{{- if and (hasPrefix "sasl" .security) (not .sasl.username) }}
{{- $faults = append $faults (printf "kafka.security is %s, and kafka.sasl.username is empty: name the user to sign in as." .security) }}
{{- end }}
{{- if and (hasPrefix "sasl" .security) (not .sasl.existingSecret) }}
{{- $faults = append $faults (printf "kafka.security is %s, and kafka.sasl.existingSecret is empty: name the Secret with the password." .security) }}
{{- end }}
{{- if and .topics.create (not .topics.cluster) }}
{{- $faults = append $faults "kafka.topics.cluster is empty: name the Strimzi cluster in which kafka.topics.create makes the topics." }}
{{- end }}
{{- $copies := int (default 3 .replication) }}
{{- if and .topics.create (gt $copies 1) (ge (int .topics.minInsyncReplicas) $copies) }}
{{- $faults = append $faults (printf "kafka.topics.minInsyncReplicas is %v of %d copies: with one broker down nothing could be published; make it smaller." .topics.minInsyncReplicas $copies) }}
{{- end }}
{{- end }}
{{- with .Values.networkPolicy }}
{{- if and .enabled (not .databaseTo) }}
{{- $faults = append $faults "networkPolicy.databaseTo is empty, so nobody could reach PostgreSQL: name its pods or its addresses." }}
{{- end }}
{{- if and .enabled (not .kafkaTo) }}
{{- $faults = append $faults "networkPolicy.kafkaTo is empty, so nobody could reach the brokers: name their pods or their addresses." }}
{{- end }}
{{- end }}
{{- range $role := keys (include "pullcord.roles" $ | fromYaml) | sortAlpha }}
{{- with (include "pullcord.valuesOf" (dict "root" $ "role" $role) | fromYaml).autoscaling }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
{{- $faults = append $faults (printf "roles.%s.autoscaling has more minReplicas (%v) than maxReplicas (%v)." $role .minReplicas .maxReplicas) }}
{{- end }}
{{- $partitions := include "pullcord.partitionsOf" (dict "root" $ "role" $role) | int }}
{{- if and .enabled (hasKey . "lagThreshold") (gt (int .maxReplicas) $partitions) }}
{{- $faults = append $faults (printf "roles.%s.autoscaling.maxReplicas is %v and its topics have %d partitions: more pods than that would idle." $role .maxReplicas $partitions) }}
{{- end }}
{{- end }}
{{- end }}
{{- $faults | toYaml }}
{{- end }}
