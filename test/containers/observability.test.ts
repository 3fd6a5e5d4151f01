import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { docker } from '../project.ts';
import { CONFIGURATION } from '../prometheus.ts';

interface Service {
  environment?: Record<string, string>;
  ports?: { host_ip: string; published: string; target: number }[];
  volumes?: { type: string; source: string; target: string; read_only?: boolean }[];
}
type Services = Record<string, Service>;

/** What compose makes of its file. Their images are not needed for that. */
async function servicesWith(...options: string[]): Promise<Services> {
  // whatever ports somebody has chosen here
  const command = ['compose', '--env-file', '/dev/null', ...options, 'config', '--format', 'json'];
  return (JSON.parse(await docker(...command)) as { services: Services }).services;
}

let services: Services;
const NAMES = ['prometheus', 'grafana'];

beforeAll(async () => {
  services = await servicesWith('--profile', 'observability');
});

test('"docker compose up" alone leaves Prometheus and Grafana out', async () => {
  const names = Object.keys(await servicesWith());
  expect(names).toContain('consumer');
  expect(names.filter((name) => NAMES.includes(name))).toEqual([]);
  expect(Object.keys(services).sort()).toEqual([...names, ...NAMES].sort());
});

test('both are for this machine alone', () => {
  const ports = NAMES.flatMap((name) => services[name]?.ports ?? []);
  expect(ports.map(({ host_ip, published }) => `${host_ip}:${published}`)).toEqual([
    '127.0.0.1:9090',
    '127.0.0.1:3000',
  ]);
});

test('Grafana has a viewer without a password, and no other user', () => {
  const environment = services['grafana']?.environment ?? {};
  expect(environment).toMatchObject({
    GF_AUTH_ANONYMOUS_ENABLED: 'true',
    GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
    GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
  });
  expect(Object.keys(environment).join()).not.toContain('PASSWORD');
});

test('they read what is in env/observability, and do not change it', async () => {
  const volumes = NAMES.flatMap((name) => services[name]?.volumes ?? []);
  const mounted = volumes.filter(({ type }) => type === 'bind');
  expect(mounted.every((volume) => volume.read_only === true)).toBe(true);
  for (const path of [
    '/etc/prometheus/prometheus.yml',
    '/etc/prometheus/alerts.yml',
    '/etc/grafana/provisioning/datasources/prometheus.yml',
    '/etc/grafana/provisioning/dashboards/provider.yml',
    services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '',
  ]) {
    const volume = mounted.find(({ target }) => path.startsWith(`${target}/`));
    expect(volume, path).toBeDefined();
    await access(join(volume?.source ?? '', path.slice(volume?.target.length)));
  }
});

test('Prometheus asks for the services by their names, where they serve metrics', async () => {
  const configuration = await readFile(join(CONFIGURATION, 'prometheus.yml'), 'utf8');
  const found = [...configuration.matchAll(/names: \[(\w+)\]\n.*\n +port: (\d+)/g)];
  expect(found.map(([, name]) => name).sort()).toEqual(['consumer', 'producer']);
  for (const [, name = '', port] of found) {
    const addresses = Object.entries(services[name]?.environment ?? {});
    const address = addresses.find(([key]) => key.endsWith('_METRICS_ADDR'))?.[1];
    expect(address).toBe(`0.0.0.0:${port}`);
  }
  expect(Object.keys(services)).toContain(/'(\w+):15692'/.exec(configuration)?.[1]);
});
