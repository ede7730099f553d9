{{/* Environment of a role: settings from ConfigMaps, secrets by reference. Same argument as pullcord.podTemplate. */}}
{{- define "pullcord.environment" -}}
{{- $full := include "pullcord.fullname" .root }}
envFrom:
  # The later of two sources wins, so those of the chart come last.
  {{- with .root.Values.extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  - configMapRef: {name: {{ $full }}-settings}
  {{- if .is.kafka }}
  - configMapRef: {name: {{ $full }}-kafka}
  {{- end }}
{{- $secrets := list }}
{{- if .is.database }}
{{- $secrets = append $secrets (list "PULLCORD_DATABASE_URL" .root.Values.database) }}
{{- end }}
{{- if and .is.delivers .root.Values.fallbackRoutes.existingSecret }}
{{- $secrets = append $secrets (list "PULLCORD_FALLBACK_ROUTES" .root.Values.fallbackRoutes) }}
{{- end }}
{{- if and .is.delivers .root.Values.channels.mailServer.existingSecret }}
{{- $secrets = append $secrets (list "PULLCORD_MAIL_SERVER" .root.Values.channels.mailServer) }}
{{- end }}
{{- if and .is.delivers .root.Values.channels.textService.existingSecret }}
{{- $secrets = append $secrets (list "PULLCORD_TEXT_SERVICE" .root.Values.channels.textService) }}
{{- end }}
{{- if and .is.delivers .root.Values.channels.notify.existingSecret }}
{{- $secrets = append $secrets (list "PULLCORD_NOTIFY_KEY" .root.Values.channels.notify) }}
{{- end }}
{{- if and .is.answers .root.Values.channels.notifyCallback.existingSecret }}
{{- $secrets = append $secrets (list "PULLCORD_NOTIFY_CALLBACK_TOKEN" .root.Values.channels.notifyCallback) }}
{{- end }}
{{- if and .is.kafka (hasPrefix "sasl" .root.Values.kafka.security) }}
{{- $secrets = append $secrets (list "PULLCORD_KAFKA_SASL_PASSWORD" .root.Values.kafka.sasl) }}
{{- end }}
{{- if .is.watches }}
{{- range $name, $of := dict "PULLCORD_WATCHDOG_MAIL_SERVER" .root.Values.watchdog.mailServer "PULLCORD_WATCHDOG_WEBHOOK" .root.Values.watchdog.webhook "PULLCORD_WATCHDOG_HEARTBEAT" .root.Values.watchdog.heartbeat }}
{{- if $of.existingSecret }}
{{- $secrets = append $secrets (list $name $of) }}
{{- end }}
{{- end }}
{{- end }}
{{- if or $secrets .root.Values.extraEnv .is.watches }}
env:
  {{- if .is.watches }}
  - {name: PULLCORD_WATCHDOG_MINUTES, value: {{ .root.Values.watchdog.minutes | quote }}}
  - {name: PULLCORD_WATCHDOG_REPEAT_HOURS, value: {{ .root.Values.watchdog.repeatHours | quote }}}
  - {name: PULLCORD_WATCHDOG_MAIL_FROM, value: {{ .root.Values.watchdog.mailFrom | quote }}}
  - {name: PULLCORD_WATCHDOG_MAIL_TO, value: {{ .root.Values.watchdog.mailTo | toJson | quote }}}
  {{- end }}
  {{- range $secrets }}
  - name: {{ index . 0 }}
    valueFrom:
      secretKeyRef: {name: {{ (index . 1).existingSecret }}, key: {{ (index . 1).key }}}
  {{- end }}
  {{- if .is.database }}
  {{- include "pullcord.databaseTls" .root | nindent 2 }}
  {{- end }}
  {{- with .root.Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* How PostgreSQL's own library is told about TLS. */}}
{{- define "pullcord.databaseTls" -}}
{{- with .Values.database.sslMode }}
- {name: PGSSLMODE, value: {{ . }}}
{{- end }}
{{- if .Values.database.ca.existingSecret }}
- {name: PGSSLROOTCERT, value: /etc/pullcord/database/ca.crt}
{{- end }}
{{- end }}

{{- define "pullcord.volumeMounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: data, mountPath: /var/lib/pullcord}
{{- if not .is.watches }}
- {name: keys, mountPath: /etc/pullcord/keys, readOnly: true}
{{- end }}
{{- if and .is.database .root.Values.database.ca.existingSecret }}
- {name: database-ca, mountPath: /etc/pullcord/database, readOnly: true}
{{- end }}
{{- if and .is.kafka .root.Values.kafka.ca.existingSecret }}
- {name: kafka-ca, mountPath: /etc/pullcord/kafka-ca, readOnly: true}
{{- end }}
{{- if and .is.kafka .root.Values.kafka.certificate.existingSecret }}
- {name: kafka-certificate, mountPath: /etc/pullcord/kafka, readOnly: true}
{{- end }}
{{- with .root.Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "pullcord.volumes" -}}
# Uploads pass through /tmp: in memory, they never touch the node's disk.
- name: tmp
  emptyDir: {medium: Memory, sizeLimit: 256Mi}
{{- if eq .root.Values.mode "distributed" }}
- name: data
  emptyDir: {sizeLimit: 64Mi}
{{- else if .root.Values.embedded.persistence.existingClaim }}
- name: data
  persistentVolumeClaim: {claimName: {{ .root.Values.embedded.persistence.existingClaim }}}
{{- end }}
{{- if not .is.watches }}
{{- with .root.Values.keys }}
- {{ include "pullcord.secretVolume" (list "keys" .existingSecret .key "keys.json") }}
{{- end }}
{{- end }}
{{- if and .is.database .root.Values.database.ca.existingSecret }}
{{- with .root.Values.database.ca }}
- {{ include "pullcord.secretVolume" (list "database-ca" .existingSecret .key "ca.crt") }}
{{- end }}
{{- end }}
{{- if and .is.kafka .root.Values.kafka.ca.existingSecret }}
{{- with .root.Values.kafka.ca }}
- {{ include "pullcord.secretVolume" (list "kafka-ca" .existingSecret .key "ca.crt") }}
{{- end }}
{{- end }}
{{- if and .is.kafka .root.Values.kafka.certificate.existingSecret }}
{{- with .root.Values.kafka.certificate }}
- {{ include "pullcord.secretVolume" (list "kafka-certificate" .existingSecret .certificateKey "tls.crt" .privateKeyKey "tls.key") }}
{{- end }}
{{- end }}
{{- with .root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A Secret as files its group may read: (list volume secret key file key file …). */}}
{{- define "pullcord.secretVolume" -}}
{{- $items := list (dict "key" (index . 2) "path" (index . 3)) }}
{{- if gt (len .) 4 }}
{{- $items = append $items (dict "key" (index . 4) "path" (index . 5)) }}
{{- end }}
{{- dict "name" (index . 0) "secret" (dict "secretName" (index . 1) "defaultMode" 0440 "items" $items) | toJson }}
{{- end }}
