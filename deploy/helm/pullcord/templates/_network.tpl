{{/* The head of a policy over some roles, one way: (dict "root" $ "name" "…" "roles" (list …) "way" "Egress"). */}}
{{- define "pullcord.policy" }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "pullcord.fullname" .root }}-{{ .name }}
  labels:
    {{- include "pullcord.labels" .root | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "pullcord.selectorLabels" .root | nindent 6 }}
    matchExpressions:
      - {key: app.kubernetes.io/component, operator: In, values: {{ toJson .roles }}}
  policyTypes: [{{ .way }}]
{{- end }}

{{/* A rule out to some peers. It is empty without peers: a rule without them would mean everybody. */}}
{{- define "pullcord.egress" -}}
{{- if .to -}}
- to:
    {{- toYaml .to | nindent 4 }}
  ports:
    {{- range .ports }}
    {{- if $.udp }}
    - {port: {{ . }}, protocol: UDP}
    {{- end }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}
{{- end }}
