{{/*
The roles of the chosen mode, and what each may reach: `kafka` and `database` are servers it talks to; what `delivers`
sends messages out.
*/}}
{{- define "pullcord.roles" -}}
{{- if eq .Values.mode "embedded" }}
serve: {args: [serve], delivers: true}
{{- else }}
ingest: {args: [run, ingest], database: true}
relay: {args: [run, relay], database: true, kafka: true}
matcher: {args: [run, matcher], database: true, kafka: true}
alerts: {args: [run, alerts], database: true, kafka: true, delivers: true}
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

{{/* The topics a role consumes, as a YAML list: (dict "root" $ "role" "matcher"). */}}
{{- define "pullcord.topicsOf" -}}
{{- $names := list }}
{{- range (.root.Files.Get "files/topics.yaml" | fromYaml).topics }}
{{- if has $.role .consumed_by }}{{ $names = append $names .name }}{{ end }}
{{- end }}
{{- $names | toYaml }}
{{- end }}

{{/* The fewest partitions among the topics a role consumes: (dict "root" $ "role" "matcher"). */}}
{{- define "pullcord.partitionsOf" -}}
{{- $fewest := 100000 }}
{{- range (.root.Files.Get "files/topics.yaml" | fromYaml).topics }}
{{- if has $.role .consumed_by }}{{ $fewest = min $fewest (int .partitions) }}{{ end }}
{{- end }}
{{- default $fewest .root.Values.kafka.partitions | int }}
{{- end }}
