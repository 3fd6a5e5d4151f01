import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { CONFIGURATION } from './prometheus.ts';

function promtool(...args: string[]): { status: number | null; output: string } {
  const options = { cwd: CONFIGURATION, encoding: 'utf8' } as const;
  const { status, stdout, stderr, error } = spawnSync('promtool', args, options);
  if (error) throw error;
  return { status, output: stdout + stderr };
}

function read(file: string): string {
  return readFileSync(CONFIGURATION + file, 'utf8');
}

const alerts = [...read('alerts.yml').matchAll(/- alert: (\w+)/g)].map(([, name]) => name);

it.each([
  ['the configuration', ['check', 'config', 'prometheus.yml']],
  ['the alerts', ['check', 'rules', 'alerts.yml']],
])('promtool finds nothing wrong with %s', (_, args) => {
  const { status, output } = promtool(...args);
  expect(status, output).toBe(0);
});

it('each alert fires when it should, and not before', () => {
  const { status, output } = promtool('test', 'rules', 'alerts.test.yml');
  expect(status, output).toBe(0);
});

it('each alert has a test in which it fires, and one in which it does not', () => {
  const cases = read('alerts.test.yml').split('- alertname: ').slice(1);
  for (const isFired of [true, false]) {
    const tested = cases
      .filter((text) => !text.includes('exp_alerts: []') === isFired)
      .map((text) => /^\w+/.exec(text)?.[0]);
    expect([...new Set(tested)].sort()).toEqual(alerts.toSorted());
  }
});

it('the documentation explains each alert, and no other', () => {
  const file = fileURLToPath(new URL('../docs/metrics.md', import.meta.url));
  const explained = [...readFileSync(file, 'utf8').matchAll(/^\| `(Csv2db\w+)`/gm)];
  expect(explained.map(([, name]) => name)).toEqual(alerts);
});
