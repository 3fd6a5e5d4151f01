import { afterEach, beforeEach, expect, test } from 'vitest';
import { Project } from '../project.ts';

let project: Project;

beforeEach(async () => {
  project = await Project.copy('docker');
  await project.succeeds(['infra']);
  await project.succeeds(['stop']);
});
afterEach(async () => {
  await project.remove();
});

/** Writes a file of a server's data, which belongs to the container's user. */
async function write(service: 'queue' | 'db', file: string, text: string): Promise<void> {
  const script = `printf %s '${text}' >${file}`;
  const args = ['run', '--rm', '-T', '--no-deps', '--entrypoint', 'sh', service, '-c', script];
  const { status, output } = await project.compose(...args);
  expect(status, output).toBe(0);
}

// RabbitMQ 4 does not start where flags that it requires were never enabled, and crashes with a
// report
test('"make infra" says that data is of another RabbitMQ, and what mends it', async () => {
  const flags = '/var/lib/rabbitmq/mnesia/rabbit@queue-feature_flags';
  // what version 3.10 writes
  await write('queue', flags, '[quorum_queue,stream_queue,virtual_host_metadata].');
  const output = await project.refuses(['infra']);
  expect(output).toContain('is of another version of RabbitMQ: ');
  expect(output).toContain('make prune');
  expect(output).not.toContain('crasher');
});

// PostgreSQL's container ends at once, and again after each restart
test('"make infra" says that data is of another PostgreSQL, and what mends it', async () => {
  await write('db', '/var/lib/postgresql/data/PG_VERSION', '15');
  const output = await project.refuses(['infra']);
  expect(output).toContain('is of another version of PostgreSQL: ');
  expect(output).toContain('make prune');
});
