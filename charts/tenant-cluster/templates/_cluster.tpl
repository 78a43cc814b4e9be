{{/* What both kinds are made of: the cluster's name, its spec, its labels. */}}

{{/* Never shortened: under another name it would be another cluster. */}}
{{- define "tenant-cluster.name" -}}
{{- $name := default .Release.Name .Values.fullnameOverride }}
{{- if or (gt (len $name) 30) (not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $name)) }}
{{- fail (printf "%s cannot be a cluster's name: it starts with a letter, has letters, digits and - only, and at most 30 characters; set fullnameOverride, or name the release otherwise" $name) }}
{{- end }}
{{- $name }}
{{- end }}

{{/* All values but the chart's own, without the empty ones: only what somebody set is written, so that everything else
     stays clusterdesk's to complete, and is no difference to what is in Git. */}}
{{- define "tenant-cluster.spec" -}}
{{- range .Values.pools }}
{{- include "tenant-cluster.pool" . }}
{{- end }}
{{- $spec := dict }}
{{- range $key, $value := omit .Values "global" "fullnameOverride" "labels" "annotations" "keep" "request" }}
{{- if $value }}
{{- $_ := set $spec $key $value }}
{{- end }}
{{- end }}
{{- toYaml $spec }}
{{- end }}

{{/* Nothing, or a failure in the words of the API, which a schema for values cannot give. */}}
{{- define "tenant-cluster.pool" -}}
{{- $min := int (default 0 .min) }}
{{- $surge := hasKey . "maxSurge" | ternary (int .maxSurge) 1 }}
{{- if eq (hasKey . "replicas") (hasKey . "max") }}
{{- fail (printf "pool %s: give either replicas, or min and max" .name) }}
{{- else if ne (hasKey . "min") (hasKey . "max") }}
{{- fail (printf "pool %s: min and max go together" .name) }}
{{- else if and (hasKey . "max") (gt $min (int .max)) }}
{{- fail (printf "pool %s: min must not be above max" .name) }}
{{- else if not (or $surge (int (default 0 .maxUnavailable))) }}
{{- fail (printf "pool %s: maxSurge and maxUnavailable cannot both be 0: then no worker can ever be replaced" .name) }}
{{- end }}
{{- end }}

{{- define "tenant-cluster.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
