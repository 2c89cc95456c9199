{{- /* Labels of all objects. */ -}}
{{- define "remit.labels" -}}
app.kubernetes.io/name: remit
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- /* What pods of a part are selected by; a list of root and part. */ -}}
{{- define "remit.selector" -}}
app.kubernetes.io/name: remit
app.kubernetes.io/instance: {{ (index . 0).Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- /* The name of a part's objects; a list of root and part. */ -}}
{{- define "remit.name" -}}
{{- $part := index . 1 -}}
{{- /* The name of a CronJob has 52 letters at most. */ -}}
{{- $length := ternary (sub 51 (len $part)) 50 (has $part (list "report" "compaction")) -}}
{{ (index . 0).Release.Name | trunc (int $length) | trimSuffix "-" | trimSuffix "." }}-{{ $part }}
{{- end -}}

{{- /* The name of the webhook's Service, which has no dots and begins with a letter, as no other name has to. */ -}}
{{- define "remit.service" -}}
{{- $name := include "remit.name" (list . "webhook") | replace "." "-" -}}
{{ regexMatch "^[0-9]" $name | ternary "r-" "" }}{{ $name }}
{{- end -}}

{{- define "remit.image" -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end -}}

{{- define "remit.pullSecrets" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* How an object store is reached. */ -}}
{{- define "remit.store" -}}
{{- with .Values.ledger.region }}
- name: AWS_REGION
  value: {{ . | quote }}
{{- end }}
{{- with .Values.ledger.endpoint }}
- name: AWS_ENDPOINT_URL
  value: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "remit.storeSecret" -}}
{{- with .Values.ledger.secret }}
envFrom:
  - secretRef:
      name: {{ . | quote }}
{{- end }}
{{- end -}}

{{- /* The claim of the ledger's volume. */ -}}
{{- define "remit.ledgerClaim" -}}
{{ .Values.ledger.claim | default (include "remit.name" (list . "ledger")) }}
{{- end -}}

{{- define "remit.reportClaim" -}}
{{ .Values.report.claim | default (include "remit.name" (list . "reports")) }}
{{- end -}}

{{- /* What no container may do that needs no right of its own. */ -}}
{{- define "remit.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "remit.nobody" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}
