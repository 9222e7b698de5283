import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { ensureHelm } from '../../scripts/ensure-helm.mjs';
import { Environment } from '../../src/config/env.js';
import { variablesOf } from '../../src/config/variable.js';

const known = variablesOf(Environment).map(({ name }) => name);

/** Why the tests are skipped: Helm can be neither found nor fetched. */
function findHelm(): string | null {
  try {
    return ensureHelm();
  } catch (error) {
    process.stderr.write(`\n${(error as Error).message}\n\n`);
    return null;
  }
}
const helm = findHelm();

interface Resource {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: any;
}

function render(...settings: string[]): Resource[] {
  const args = [
    'template',
    'fleet',
    'deploy/helm',
    '--namespace',
    'prod',
    ...settings.flatMap((each) => ['--set', each]),
  ];
  const { status, stdout, stderr } = spawnSync(helm!, args, { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return parseAllDocuments(stdout, { uniqueKeys: true }).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Resource;
  });
}
const named = (resources: readonly Resource[], kind: string): Resource[] =>
  resources.filter((each) => each.kind === kind);
const container = (deployment: Resource) => deployment.spec.template.spec.containers[0];
const environmentOf = (deployment: Resource): Record<string, string> =>
  Object.fromEntries(container(deployment).env.map(({ name, value }: Record<string, string>) => [name, value]));

(helm ? describe : describe.skip)('the chart deploy/helm', () => {
  it('passes helm lint', () => {
    const { status, stdout } = spawnSync(helm!, ['lint', '--strict', 'deploy/helm'], { encoding: 'utf8' });
    expect([status, stdout]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
  });

  it('has separate web, workers and console, each with its role, on one Redis', () => {
    const resources = render('redis.url=rediss://db:6380');
    const deployments = named(resources, 'Deployment');
    expect(deployments.map((each) => [each.metadata.name, environmentOf(each)['ROLE'], each.spec.replicas])).toEqual([
      ['fleet-web', 'producer', 2],
      ['fleet-worker', 'worker', 2],
      ['fleet-console', 'producer', 1],
    ]);
    for (const deployment of deployments) {
      expect(environmentOf(deployment)).toMatchObject({
        STORE: 'redis',
        REDIS_URL: 'rediss://db:6380',
        HOST: '0.0.0.0',
      });
      expect(Object.keys(environmentOf(deployment)).filter((name) => !known.includes(name))).toEqual([]);
      expect(Object.values(environmentOf(deployment)).every((value) => typeof value === 'string')).toBe(true);
    }
  });

  it('gives pods probes, time to drain, and minimum rights', () => {
    for (const deployment of named(render('drainSeconds=60'), 'Deployment')) {
      const { startupProbe, livenessProbe, readinessProbe, image, securityContext, envFrom } = container(deployment);
      const paths = [startupProbe, livenessProbe, readinessProbe].map((probe) => probe.httpGet.path);
      expect(paths).toEqual(['/health/startup', '/health/live', '/health/ready']);
      expect(image).toMatch(/@sha256:[0-9a-f]{64}$/);
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      const pod = deployment.spec.template.spec;
      expect(pod).toMatchObject({ automountServiceAccountToken: false, terminationGracePeriodSeconds: 75 });
      expect(pod.securityContext.runAsNonRoot).toBe(true);
      expect(environmentOf(deployment)['SHUTDOWN_DRAIN']).toBe('60s');
      // Secrets come from a Kubernetes secret, and are in no manifest.
      expect(envFrom).toEqual([{ secretRef: { name: 'residency' } }]);
      expect(JSON.stringify(container(deployment).env)).not.toMatch(/TOKEN|PASSWORD/);
    }
  });

  it('selects only the pods of each part by its services, budgets and policies', () => {
    const resources = render();
    const labels = Object.fromEntries(
      named(resources, 'Deployment').map((each) => [each.metadata.name, each.spec.template.metadata.labels]),
    );
    for (const kind of ['Service', 'NetworkPolicy', 'PodDisruptionBudget'])
      for (const { metadata, spec } of named(resources, kind)) {
        const selector = kind === 'Service' ? spec.selector : (spec.selector ?? spec.podSelector).matchLabels;
        expect([kind, metadata.name, selector]).toEqual([kind, metadata.name, labels[metadata.name]]);
      }
    expect(named(resources, 'NetworkPolicy')).toHaveLength(3);
    const worker = named(resources, 'NetworkPolicy').find(({ metadata }) => metadata.name === 'fleet-worker')!;
    expect(JSON.stringify(worker.spec.ingress)).not.toContain('ingress-nginx');
  });

  it.each([
    ['keda', 'ScaledObject', 'minReplicaCount', 'maxReplicaCount'],
    ['hpa', 'HorizontalPodAutoscaler', 'minReplicas', 'maxReplicas'],
  ])('scales workers by the depth of the queue with %s, and sets no replicas then', (kind, resource, min, max) => {
    const resources = render(`worker.autoscaling.kind=${kind}`, 'worker.autoscaling.max=7');
    const [scaler, ...others] = named(resources, resource);
    expect(others).toEqual([]);
    expect([scaler!.spec[min], scaler!.spec[max]]).toEqual([1, 7]);
    expect(scaler!.spec.scaleTargetRef.name).toBe('fleet-worker');
    expect(JSON.stringify(scaler!.spec)).toContain('scheduler_queue_depth');
    const worker = named(resources, 'Deployment').find(({ metadata }) => metadata.name === 'fleet-worker')!;
    expect(worker.spec).not.toHaveProperty('replicas');
  });

  it('is scraped with the token of a viewer, and omits what is turned off', () => {
    const [monitor] = named(render('serviceMonitor.enabled=true'), 'ServiceMonitor');
    expect(monitor!.spec.endpoints[0]).toMatchObject({
      path: '/metrics',
      authorization: { credentials: { name: 'residency', key: 'CONSOLE_VIEWER_TOKEN' } },
    });
    const few = render('web.enabled=false', 'console.enabled=false', 'networkPolicy.enabled=false');
    expect(few.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual([
      'Deployment fleet-worker',
      'PodDisruptionBudget fleet-worker',
      'Service fleet-worker',
    ]);
  });

  it('has the version of the package', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(readFileSync('deploy/helm/Chart.yaml', 'utf8')).toContain(`\nversion: ${version}\nappVersion: ${version}\n`);
  });
});
