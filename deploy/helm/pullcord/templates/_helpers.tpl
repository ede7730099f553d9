{{/* The chart's name, for labels. */}}
{{- define "pullcord.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* What every name begins with; short enough for the suffixes of policies and of a StatefulSet's revisions. */}}
{{- define "pullcord.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $full .Values.fullnameOverride | trunc 44 | trimSuffix "-" }}
{{- end }}

{{/* What selects the pods of this release. */}}
{{- define "pullcord.selectorLabels" -}}
app.kubernetes.io/name: {{ include "pullcord.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of every resource. */}}
{{- define "pullcord.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "pullcord.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The image: by digest if there is one. */}}
{{- define "pullcord.image" -}}
{{- $repository := include "pullcord.repository" . }}
{{- with .Values.image }}
{{- if .digest }}
{{- printf "%s@%s" $repository .digest }}
{{- else }}
{{- printf "%s:%s" $repository (default $.Chart.AppVersion .tag) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Where the image is. A registry shared with charts above takes the place of the one that the repository names. */}}
{{- define "pullcord.repository" -}}
{{- $repository := .Values.image.repository }}
{{- with (.Values.global).imageRegistry }}
{{- $first := splitList "/" $repository | first }}
{{- if and (contains "/" $repository) (or (regexMatch "[.:]" $first) (eq $first "localhost")) }}
{{- $repository = trimPrefix (printf "%s/" $first) $repository }}
{{- end }}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) $repository }}
{{- end }}
{{- $repository }}
{{- end }}

{{/* The service account of the roles. */}}
{{- define "pullcord.serviceAccountName" -}}
{{- default (.Values.serviceAccount.create | ternary (include "pullcord.fullname" .) "default") .Values.serviceAccount.name }}
{{- end }}

{{/* That of hooks, which run before the release's own account is there. */}}
{{- define "pullcord.hookServiceAccountName" -}}
{{- .Values.serviceAccount.create | ternary "default" (include "pullcord.serviceAccountName" .) }}
{{- end }}

{{/* The host of publicUrl, without its port. */}}
{{- define "pullcord.host" -}}
{{- (urlParse .Values.publicUrl).host | regexFind "^[^:]+" }}
{{- end }}

{{/* The paths that people and senders need. Metrics and health are none of them. */}}
{{- define "pullcord.publicPaths" -}}
- /v1
- /a
- /d
- /docs
- /redoc
- /openapi.json
- /static-offline-docs
- /metrics/oversight
{{- end }}
