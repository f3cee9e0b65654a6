{{- define "postern.extraLabels" -}}
{{- with .Values.commonLabels }}{{ toYaml . }}{{ end }}
{{- end }}

{{- define "postern.labels" -}}
app.kubernetes.io/name: postern
app.kubernetes.io/part-of: postern
{{- with include "postern.extraLabels" . }}
{{ . }}
{{- end }}
{{- end }}

{{- define "postern.monitoringLabels" -}}
{{- with merge dict (.Values.monitoring.labels | default dict) (.Values.commonLabels | default dict) }}{{ toYaml . }}{{ end }}
{{- end }}

{{- /* (image, default repository, default tag): the reference of an image. */}}
{{- define "postern.reference" -}}
{{- $image := index . 0 }}
{{- $repository := $image.repository | default (index . 1) }}
{{- if $image.digest }}{{ $repository }}@{{ $image.digest }}{{ else }}{{ $repository }}:{{ $image.tag | default (index . 2) }}{{ end }}
{{- end }}

{{- define "postern.image" -}}
{{ include "postern.reference" (list .Values.image "ghcr.io/postern/postern" .Chart.AppVersion) }}
{{- end }}

{{- define "postern.certificateSecret" -}}
{{- if eq .Values.certificate.source "cert-manager" }}postern-webhook-cert
{{- else if eq .Values.certificate.source "secret" }}{{ .Values.certificate.secretName }}
{{- else }}postern-webhook-tls{{ end }}
{{- end }}

{{- /* Which namespaces a webhook is asked about. */}}
{{- define "postern.namespaces" -}}
{{- if .Values.namespaces -}}
{{- $names := .Values.namespaces }}
{{- range .Values.excludedNamespaces }}{{ $names = without $names . }}{{ end }}
{{- if not $names }}{{ fail "namespaces: excludedNamespaces takes all of them away" }}{{ end -}}
{key: kubernetes.io/metadata.name, operator: In, values: {{ $names | toJson }}}
{{- else -}}
{key: kubernetes.io/metadata.name, operator: NotIn, values: {{ concat (list "kube-system" .Release.Namespace) (.Values.excludedNamespaces | default list) | toJson }}}
{{- end }}
{{- end }}

{{- /* (root, component): arguments of `postern serve` for what differs from its own defaults. */}}
{{- define "postern.arguments" -}}
{{- $root := index . 0 }}
{{- $sidecar := $root.Values.sidecar }}
{{- $arguments := list }}
{{- with $sidecar.image }}
{{- if or .repository .tag .digest }}
{{- $arguments = append $arguments (printf "--sidecar-image=%s" (include "postern.reference" (list . "ghcr.io/postern/postern-sidecar" $root.Chart.AppVersion))) }}
{{- end }}
{{- end }}
{{- range $flag, $value := dict
  "image-pull-policy" $sidecar.image.pullPolicy
  "image-pull-secret" $sidecar.imagePullSecret
  "sidecar-mode" $sidecar.mode
  "sidecar-resources" $sidecar.resources
  "sidecar-user" $sidecar.user
  "status-port" $sidecar.statusPort
  "sidecar-update" $sidecar.update
  "sidecar-update-max-unavailable" $sidecar.updateMaxUnavailable
  "log-format" $root.Values.logFormat
  "log-level" $root.Values.logLevel }}
{{- $text := toString $value }}
{{- if $text }}{{ $arguments = append $arguments (printf "--%s=%s" $flag $text) }}{{ end }}
{{- end }}
{{- with concat $arguments ((index . 1).extraArgs | default list) }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{- /* (root, component): where its Pods may run, and how their images are pulled. */}}
{{- define "postern.pod" -}}
{{- $root := index . 0 }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with index . 1 }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with get (index $ 1) $key }}
{{ dict $key . | toYaml }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
