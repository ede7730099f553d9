{{/* A pod of a role, as the template of a workload: (dict "root" $ "role" "relay" "is" {…} "resources" {…}). */}}
{{- define "pullcord.podTemplate" -}}
{{- $root := .root }}
{{- $ingest := eq .role (include "pullcord.ingestRole" $root) }}
{{- $port := $ingest | ternary "http" "metrics" }}
metadata:
  labels:
    {{- include "pullcord.selectorLabels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .role }}
    {{- with merge (deepCopy $root.Values.podLabels) $root.Values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: pullcord
    checksum/settings: {{ include (print $root.Template.BasePath "/settings.yaml") $root | sha256sum }}
    {{- if .is.kafka }}
    checksum/kafka: {{ include (print $root.Template.BasePath "/kafka-settings.yaml") $root | sha256sum }}
    {{- end }}
    {{- with $root.Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "pullcord.podBasics" (dict "root" $root "account" (include "pullcord.serviceAccountName" $root) "place" .place) | nindent 2 }}
  terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
  {{- with $root.Values.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- if and $root.Values.spread.enabled (eq $root.Values.mode "distributed") }}
  topologySpreadConstraints:
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: {{ $root.Values.spread.whenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "pullcord.selectorLabels" $root | nindent 10 }}
          app.kubernetes.io/component: {{ $.role }}
      matchLabelKeys: [pod-template-hash]
    {{- end }}
  {{- end }}
  {{- if eq $root.Values.mode "embedded" }}
  initContainers:
    - name: migrate
      {{- include "pullcord.containerBasics" $root | nindent 6 }}
      command: [pullcord, migrate]
      envFrom:
        {{- with $root.Values.extraEnvFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
        - configMapRef: {name: {{ include "pullcord.fullname" $root }}-settings}
      {{- with $root.Values.extraEnv }}
      env:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      resources:
        {{- toYaml $root.Values.migration.resources | nindent 8 }}
      volumeMounts:
        {{- include "pullcord.volumeMounts" . | nindent 8 }}
  {{- end }}
  containers:
    - name: pullcord
      {{- include "pullcord.containerBasics" $root | nindent 6 }}
      command: {{ prepend .is.args "pullcord" | toJson }}
      {{- include "pullcord.environment" . | nindent 6 }}
      ports:
        {{- if $ingest }}
        - {name: http, containerPort: 8080, protocol: TCP}
        {{- end }}
        - {name: metrics, containerPort: {{ $root.Values.metrics.port }}, protocol: TCP}
      {{- include "pullcord.probes" $port | nindent 6 }}
      {{- if $ingest }}
      lifecycle:
        preStop:
          sleep:
            seconds: {{ $root.Values.drainSeconds }}
      {{- end }}
      resources:
        {{- toYaml .resources | nindent 8 }}
      volumeMounts:
        {{- include "pullcord.volumeMounts" . | nindent 8 }}
  volumes:
    {{- include "pullcord.volumes" . | nindent 4 }}
{{- end }}

{{/* What every pod has, also those of hooks: (dict "root" $ "account" "…"). `place` says better than the values where it may be. */}}
{{- define "pullcord.podBasics" -}}
serviceAccountName: {{ .account }}
automountServiceAccountToken: false
# A Service named pullcord would be told to the containers as PULLCORD_PORT, which is a setting.
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .root.Values.securityContext.runAsUser }}
  runAsGroup: {{ .root.Values.securityContext.runAsGroup }}
  fsGroup: {{ .root.Values.securityContext.fsGroup }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- range $where := list "nodeSelector" "tolerations" "affinity" }}
{{- with get ($.place | default dict) $where | default (get $.root.Values $where) }}
{{ $where }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* What every container has. */}}
{{- define "pullcord.containerBasics" -}}
image: {{ include "pullcord.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  capabilities:
    drop: [ALL]
{{- end }}

{{/* Alive: its loops run. Ready: it can do its work now. A process that starts has a minute. */}}
{{- define "pullcord.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: {{ . }}}
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet: {path: /livez, port: {{ . }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: {{ . }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}
