import { afterAll, beforeAll, expect, test } from 'vitest';
import { docker, Project } from '../project.ts';
import { until } from '../sandbox.ts';

let project: Project;

beforeAll(async () => {
  project = await Project.copy('docker');
});
afterAll(async () => {
  await project.remove();
});

async function producerEnds(): Promise<void> {
  await until('the producer ended', () => project.is('producer', 'exited 0'), 60);
}

test('"docker compose up" alone builds and migrates the system, and imports the sample', async () => {
  const { status, output } = await project.compose('up', '-d');
  expect(status, output).toBe(0);
  await producerEnds();
  expect(await project.containers('consumer')).toHaveLength(2);
  await until('1,000 rows', async () => (await project.countContacts()) === 1000);
});

test('a consumer is healthy when it is ready, and its metrics are for its network alone', async () => {
  const consumers = await project.containers('consumer');
  for (const consumer of consumers) {
    await until('it is healthy', async () => {
      return (await docker('inspect', '-f', '{{.State.Health.Status}}', consumer)) === 'healthy';
    });
    expect(await docker('port', consumer)).toBe('');
  }
});

// a service without a profile is started by "up", and drop-db was one
test('"docker compose up" leaves the rows of the database', async () => {
  await project.sql(`INSERT INTO contacts VALUES ('Kept', 'kept@example.org')`);
  const { status, output } = await project.compose('up', '-d');
  expect(status, output).toBe(0);
  await producerEnds();
  expect(await project.countContacts()).toBe(1001);
  expect(await project.containers('drop-db')).toEqual([]);
});

test('"docker compose run drop-db" drops the database when it is named', async () => {
  const { status, output } = await project.compose('run', '--rm', '-T', 'drop-db');
  expect(status, output).toBe(0);
  await expect(project.countContacts()).rejects.toThrow('does not exist');
});

test('"make" goes on with what "docker compose" started', async () => {
  expect(await project.succeeds(['stop'])).toContain('stopped');
  expect(await project.containers()).toEqual([]);
  expect(await docker('network', 'ls', '-q', '--filter', `name=${project.name}`)).toBe('');
});
