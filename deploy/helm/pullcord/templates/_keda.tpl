{{/* Whether there is anything KEDA must know besides addresses. */}}
{{- define "pullcord.kedaAuthenticates" -}}
{{- with .Values.kafka }}
{{- if or (hasPrefix "sasl" .security) .ca.existingSecret .certificate.existingSecret }}true{{ end }}
{{- end }}
{{- end }}

{{/* What KEDA calls the security of the brokers. */}}
{{- define "pullcord.kedaSecurity" -}}
{{- $mechanisms := dict "PLAIN" "plaintext" "SCRAM-SHA-256" "scram_sha256" "SCRAM-SHA-512" "scram_sha512" }}
{{- with .Values.kafka }}
sasl: {{ hasPrefix "sasl" .security | ternary (get $mechanisms .sasl.mechanism) "none" }}
tls: {{ hasSuffix "ssl" .security | ternary "enable" "disable" }}
{{- end }}
{{- end }}
