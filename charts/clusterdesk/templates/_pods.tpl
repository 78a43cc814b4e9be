{{/* What the Pods of the three components have in common; each takes a list: context, component. */}}

{{- define "clusterdesk.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end }}
{{- end }}

{{- define "clusterdesk.podMetadata" -}}
{{- $context := index . 0 -}}
{{- $values := index $context.Values (index . 1) -}}
labels:
  {{- include "clusterdesk.labels" $context | nindent 2 }}
  app.kubernetes.io/component: {{ index . 1 }}
  {{- with $values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with $values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The Pod level: who runs it, where, and with which rights on the node (none). */}}
{{- define "clusterdesk.pod" -}}
{{- $context := index . 0 -}}
{{- $component := index . 1 -}}
{{- $values := index $context.Values $component -}}
serviceAccountName: {{ include "clusterdesk.fullname" $context }}-{{ $component }}
{{- with $context.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
# preStop, then what is in flight, then some air.
terminationGracePeriodSeconds: 45
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
topologySpreadConstraints:
  {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "clusterdesk.selector" (list $context $component) | nindent 8 }}
  {{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The container level: program, image, probes. Ports, volumes and what else is asked of it are the component's. */}}
{{- define "clusterdesk.container" -}}
{{- $context := index . 0 -}}
{{- $component := index . 1 -}}
{{- $values := index $context.Values $component -}}
name: {{ $component }}
image: {{ include "clusterdesk.image" $context | quote }}
imagePullPolicy: {{ $context.Values.image.pullPolicy }}
command: [clusterdesk-{{ $component }}]
{{- with $values.extraArgs }}
args:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
livenessProbe:
  httpGet: {path: /healthz, port: health}
  periodSeconds: 10
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: health}
  periodSeconds: 2
  failureThreshold: 2
startupProbe:
  httpGet: {path: /healthz, port: health}
  periodSeconds: 2
  failureThreshold: 60
lifecycle:
  # Endpoints are told that we go before we stop listening.
  preStop: {sleep: {seconds: 10}}
resources:
  {{- toYaml $values.resources | nindent 2 }}
{{- end }}

{{/* Environment that every component has. */}}
{{- define "clusterdesk.env" -}}
{{- $context := index . 0 -}}
{{- $values := index $context.Values (index . 1) -}}
- name: CLUSTERDESK_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
# Whoever leads is known by this name, and whoever writes a line of the audit trail.
- name: CLUSTERDESK_POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
{{- if $context.Values.audit.volume }}
# A file has one writer, and each Pod a file of its own.
- name: CLUSTERDESK_AUDIT_FILE
  value: /audit/$(CLUSTERDESK_POD_NAME).jsonl
{{- end }}
# The Pod's own address: right with IPv4 and with IPv6.
- name: CLUSTERDESK_HOST
  valueFrom: {fieldRef: {fieldPath: status.podIP}}
- name: CLUSTERDESK_HEALTH_PORT
  value: "8081"
# The generation that the webhooks are registered for: nobody may speak another.
- name: CLUSTERDESK_API_PROFILE
  value: {{ include "clusterdesk.apiProfile" $context }}
- name: CLUSTERDESK_LOG_LEVEL
  value: {{ upper $context.Values.log.level }}
{{- with $values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}
