{{/*
The roles of the chosen mode, and what each may reach: `kafka` and `database` are servers it talks to; what `answers`
takes requests, what `delivers` sends messages out. What `watches` has ways to tell people of its own, and no keys.
*/}}
{{- define "pullcord.roles" -}}
{{- if eq .Values.mode "embedded" }}
serve: {args: [serve], answers: true, delivers: true}
{{- else }}
ingest: {args: [run, ingest], answers: true, database: true}
relay: {args: [run, relay], database: true, kafka: true}
{{- range (.Files.Get "files/consumers.yaml" | fromYaml).consumers }}
{{ .name }}: {args: [run, {{ .name }}], database: true, kafka: true, delivers: {{ .delivers }}, consumer: true}
{{- end }}
{{- if .Values.watchdog.enabled }}
watchdog: {args: [watchdog], database: true, watches: true}
{{- end }}
{{- end }}
{{- end }}

{{/* The role behind the Service. */}}
{{- define "pullcord.ingestRole" -}}
{{- eq .Values.mode "embedded" | ternary "serve" "ingest" }}
{{- end }}

{{/* The names of the roles of which something is true, as a YAML list: (dict "root" $ "what" "kafka"). */}}
{{- define "pullcord.rolesThat" -}}
{{- $names := list }}
{{- range $role, $is := include "pullcord.roles" .root | fromYaml }}
{{- if get $is $.what }}{{ $names = append $names $role }}{{ end }}
{{- end }}
{{- $names | toYaml }}
{{- end }}

{{/* The values of a role: (dict "root" $ "role" "matcher"). Those of a consumer are `roles.consumers` and what is set for it alone. */}}
{{- define "pullcord.valuesOf" -}}
{{- $own := eq .role "watchdog" | ternary .root.Values.watchdog (get .root.Values.roles .role | default dict) }}
{{- if get (get (include "pullcord.roles" .root | fromYaml) .role) "consumer" }}
{{- mergeOverwrite (deepCopy .root.Values.roles.consumers) $own | toYaml }}
{{- else }}
{{- $own | toYaml }}
{{- end }}
{{- end }}

{{/* The topics a role consumes, as a YAML list: (dict "root" $ "role" "matcher"). */}}
{{- define "pullcord.topicsOf" -}}
{{- $names := list }}
{{- range (.root.Files.Get "files/consumers.yaml" | fromYaml).consumers }}
{{- if eq $.role .name }}{{ $names = .topics }}{{ end }}
{{- end }}
{{- $names | toYaml }}
{{- end }}

{{/* The name on the brokers of a topic of `files/topics.yaml`: (dict "root" $ "topic" "pullcord.notices"). */}}
{{- define "pullcord.brokerTopic" -}}
{{- printf "%s.%s" .root.Values.settings.deployment (trimPrefix "pullcord." .topic) }}
{{- end }}

{{/* The fewest partitions among the topics a role consumes: (dict "root" $ "role" "matcher"). */}}
{{- define "pullcord.partitionsOf" -}}
{{- $fewest := 100000 }}
{{- $consumed := include "pullcord.topicsOf" . | fromYamlArray }}
{{- range (.root.Files.Get "files/topics.yaml" | fromYaml).topics }}
{{- if has .name $consumed }}{{ $fewest = min $fewest (int .partitions) }}{{ end }}
{{- end }}
{{- default $fewest .root.Values.kafka.partitions | int }}
{{- end }}
