{{/* Names and labels. What a Pod looks like is in _pods.tpl. */}}

{{- define "clusterdesk.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/* The release's name alone when it says clusterdesk already; 50 characters leave room for "-provisioner". */}}
{{- define "clusterdesk.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "clusterdesk.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "clusterdesk.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Labels of every object. Our own keeper of certificates finds what is ours by part-of. */}}
{{- define "clusterdesk.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ include "clusterdesk.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: clusterdesk
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What never changes in the life of a Deployment. Takes a list: context, component. */}}
{{- define "clusterdesk.selector" -}}
{{- $context := index . 0 -}}
app.kubernetes.io/name: {{ include "clusterdesk.name" $context }}
app.kubernetes.io/instance: {{ $context.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* metadata of a namespaced object of a component. Takes a list: context, component, optional suffix. */}}
{{- define "clusterdesk.metadata" -}}
{{- $context := index . 0 -}}
name: {{ include "clusterdesk.fullname" $context }}-{{ index . 1 }}
namespace: {{ $context.Release.Namespace }}
labels:
  {{- include "clusterdesk.labels" $context | nindent 2 }}
  app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* metadata of a cluster-wide object. Takes a list: context, component. */}}
{{- define "clusterdesk.clusterMetadata" -}}
{{- $context := index . 0 -}}
name: {{ include "clusterdesk.fullname" $context }}-{{ index . 1 }}
labels:
  {{- include "clusterdesk.labels" $context | nindent 2 }}
  app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/*
A generated text, which speaks of a release called clusterdesk in clusterdesk-system, with the names of this one: in CEL
as well. Takes a list: context, text.
*/}}
{{- define "clusterdesk.renamed" -}}
{{- $context := index . 0 -}}
{{- $fullname := include "clusterdesk.fullname" $context -}}
{{- $text := index . 1 | replace "clusterdesk-system" "\x00namespace" -}}
{{- range $component := list "webhooks" "provisioner" "bot" -}}
{{- $text = $text | replace (printf "clusterdesk-%s" $component) (printf "\x00%s" $component) -}}
{{- end -}}
{{- range $component := list "webhooks" "provisioner" "bot" -}}
{{- $text = $text | replace (printf "\x00%s" $component) (printf "%s-%s" $fullname $component) -}}
{{- end -}}
{{- $text | replace "\x00namespace" $context.Release.Namespace -}}
{{- end -}}

{{/*
Which generation of Cluster API's APIs is spoken. The older one only where all of it is served, and not all of the newer:
as the programs would find by themselves (provisioning/profile.py).
*/}}
{{- define "clusterdesk.apiProfile" -}}
{{- if ne .Values.apiProfile "auto" -}}
{{- .Values.apiProfile -}}
{{- else -}}
{{- $lacking := dict "v1beta2" list "v1beta1" list -}}
{{- range $profile, $needed := .Files.Get "files/api-profiles.yaml" | fromYaml -}}
{{- range $needed -}}
{{- if not ($.Capabilities.APIVersions.Has .) -}}
{{- $_ := set $lacking $profile (append (get $lacking $profile) .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- ternary "v1beta1" "v1beta2" (and (not $lacking.v1beta1) (not (not $lacking.v1beta2))) -}}
{{- end -}}
{{- end -}}
