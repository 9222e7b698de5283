{{- define "scheduler.labels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "scheduler.deployment" -}}
{{- $root := .root -}}
{{- $values := index $root.Values .component -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $root.Release.Name }}-{{ .component }}
  labels: {{- include "scheduler.labels" . | nindent 4 }}
spec:
  {{- if .replicas }}
  replicas: {{ $values.replicas }}
  {{- end }}
  selector:
    matchLabels: {{- include "scheduler.labels" . | nindent 6 }}
  strategy:
    rollingUpdate: { maxUnavailable: 0, maxSurge: 1 }
  template:
    metadata:
      labels: {{- include "scheduler.labels" . | nindent 8 }}
    spec:
      # It asks nothing of the cluster's own interface.
      automountServiceAccountToken: false
      # preStop, the drain, the grace of aborted handlers, and the closing of the store.
      terminationGracePeriodSeconds: {{ add $root.Values.drainSeconds 15 }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
        fsGroup: 1000
        seccompProfile: { type: RuntimeDefault }
      containers:
        - name: {{ .component }}
          image: {{ $root.Values.image.repository }}@{{ $root.Values.image.digest }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          ports:
            - { name: http, containerPort: 3000 }
          env:
            - { name: HOST, value: 0.0.0.0 }
            - { name: STORE, value: redis }
            - { name: ROLE, value: {{ .role }} }
            - { name: REDIS_URL, value: {{ $root.Values.redis.url | quote }} }
            - { name: NAMESPACE, value: {{ $root.Values.namespace | quote }} }
            - { name: SHUTDOWN_DRAIN, value: {{ $root.Values.drainSeconds }}s }
            {{- range $name, $value := merge (deepCopy $values.env) $root.Values.env }}
            - { name: {{ $name }}, value: {{ $value | quote }} }
            {{- end }}
          envFrom:
            - secretRef: { name: {{ $root.Values.existingSecret }} }
          startupProbe:
            httpGet: { path: /health/startup, port: http }
            periodSeconds: 2
            failureThreshold: 30
          livenessProbe:
            httpGet: { path: /health/live, port: http }
            periodSeconds: 10
            timeoutSeconds: 2
            failureThreshold: 3
          readinessProbe:
            httpGet: { path: /health/ready, port: http }
            periodSeconds: 5
            timeoutSeconds: 2
            failureThreshold: 2
          lifecycle:
            # So that the endpoint has left the balancers before the app stops to answer.
            preStop:
              exec: { command: [sleep, '3'] }
          resources: {{- toYaml $values.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities: { drop: [ALL] }
          volumeMounts:
            - { name: data, mountPath: /data }
      volumes:
        - name: data
          emptyDir: {}
{{- end }}
