import { expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Service {
  image: string;
  command?: string[];
  volumes?: string[];
  ports?: string[];
  secrets?: string[];
  depends_on?: string[] | Record<string, unknown>;
}

const read = (file: string): any => parse(readFileSync(join('deploy', file), 'utf8'), { merge: true });
const compose = read('compose.yaml') as {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);

it('the fleet has a Redis, two instances, Prometheus and Grafana', () => {
  expect(Object.keys(compose.services).sort()).toEqual(['app-1', 'app-2', 'grafana', 'prometheus', 'redis']);
});

it.each(services)(
  '%s mounts existing files, declared volumes and secrets, and is reachable from this machine only',
  (_, service) => {
    const { image, volumes = [], ports = [], secrets = [], depends_on: needs = [] } = service;
    // Ours is built; the others have a version, so that tomorrow's is not another one.
    if (image !== 'residency') expect(image).toMatch(/:v?\d/);
    for (const volume of volumes) {
      const [source] = volume.split(':') as [string];
      expect([
        source,
        source.startsWith('./') ? existsSync(join('deploy', source)) : source in compose.volumes,
      ]).toEqual([source, true]);
    }
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
    expect(secrets.filter((secret) => !(secret in compose.secrets))).toEqual([]);
    const needed = Array.isArray(needs) ? needs : Object.keys(needs);
    expect(needed.filter((name) => !(name in compose.services))).toEqual([]);
  },
);

it('Prometheus scrapes each instance with its token', () => {
  const { scrape_configs: scrapes, rule_files: rules } = read('prometheus/fleet.yaml');
  expect(scrapes).toHaveLength(1);
  expect(scrapes[0].static_configs[0].targets).toEqual(['app-1:3000', 'app-2:3000']);
  const { secrets, volumes, command } = compose.services['prometheus']!;
  expect(scrapes[0].authorization.credentials_file).toBe(`/run/secrets/${secrets![0]}`);
  expect(command).toContain('--config.file=/etc/prometheus/fleet.yaml');
  const mounted = volumes!.map((volume) => volume.split(':')[1]);
  expect(mounted).toEqual(expect.arrayContaining(['/etc/prometheus/fleet.yaml', `/etc/prometheus/${rules[0]}`]));
});

it('Grafana has the dashboard and its data source provisioned', () => {
  const [datasource] = read('grafana/datasources.yaml').datasources;
  expect(datasource).toMatchObject({ type: 'prometheus', url: 'http://prometheus:9090', isDefault: true });
  const [provider] = read('grafana/dashboards.yaml').providers;
  const mounted = compose.services['grafana']!.volumes!.map((volume) => volume.split(':').slice(0, 2));
  expect(mounted).toContainEqual(['./grafana/scheduler.json', `${provider.options.path}/scheduler.json`]);
  const dashboard = JSON.parse(readFileSync('deploy/grafana/scheduler.json', 'utf8')) as { uid: string };
  expect(readFileSync('deploy/compose.yaml', 'utf8')).toContain(`http://127.0.0.1:3002/d/${dashboard.uid}\n`);
});
