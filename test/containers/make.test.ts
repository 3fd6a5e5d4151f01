import { access, chmod, copyFile, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DATA } from '../processes.ts';
import { docker, Project } from '../project.ts';
import { until } from '../sandbox.ts';

/** In the order of a first day with the system: each test goes on where the one before it ended. */
let project: Project;

beforeAll(async () => {
  project = await Project.copy('docker');
});
afterAll(async () => {
  await project.remove();
});

async function rowsArrive(count: number): Promise<void> {
  await until(`${count} rows`, async () => (await project.countContacts()) === count, 60);
}

test('"make build" builds images that do not run as root', async () => {
  await project.succeeds(['build']);
  for (const service of ['producer', 'consumer']) {
    const image = `localhost/${project.name}/csv2db-${service}`;
    expect(await docker('image', 'inspect', '-f', '{{.Config.User}}', image)).toBe('node');
    expect(await docker('run', '--rm', image, '--version')).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await docker('run', '--rm', '--entrypoint', service, image, '--help')).toContain(
      `Usage: ${service}`,
    );
  }
});

test('"make start" and "make migrate-db" ask for the servers first', async () => {
  expect(await project.refuses(['start'])).toContain('run "make infra" first');
  expect(await project.refuses(['migrate-db'])).toContain('run "make infra" first');
});

test('"make infra" says where the servers listen, which is on free ports of 127.0.0.1', async () => {
  const taken = Number(project.env['DB_PORT']);
  const other = createServer().listen(taken, '127.0.0.1');
  const output = await project.succeeds(['infra']).finally(() => other.close());
  expect(output).toContain(`port ${taken} is taken: DB_PORT is ${taken + 1}`);
  expect(output).toContain(`RabbitMQ listens on 127.0.0.1:${project.env['QUEUE_PORT']}`);
  expect(output).toContain(`PostgreSQL listens on 127.0.0.1:${taken + 1}`);
  const format = '{{range .NetworkSettings.Ports}}{{range .}}{{.HostIp}} {{end}}{{end}}';
  const addresses = await docker('inspect', '-f', format, ...(await project.containers()));
  expect(new Set(addresses.split(/\s+/))).toEqual(new Set(['127.0.0.1']));
});

test('"make start" asks for the table', async () => {
  expect(await project.refuses(['start'])).toContain('run "make migrate-db" first');
  expect(await project.succeeds(['migrate-db'])).toContain('every migration is applied');
});

test.each([
  ['-', 'for standard input, run "bin/producer --file -"'],
  ['nowhere.csv', 'there is no file'],
  ['producer', 'is a folder'],
  ['/dev/null', 'is not a regular file'],
])('"make start FILE=%s" says what is wrong', async (file, message) => {
  expect(await project.refuses(['start', `FILE=${file}`])).toContain(message);
});

test('"make start" imports the sample with two consumers', async () => {
  expect(await project.succeeds(['start'])).toContain('data_1000.csv');
  await rowsArrive(1000);
  await until('the producer ended', () => project.is('producer', 'exited 0'));
  expect(await project.containers('consumer')).toHaveLength(2);
});

test('"make logs" follows what all three say', async () => {
  const logs = project.start('make', ['-s', 'logs']);
  await until('what all three said', () =>
    [/^producer-1 .*finished/m, /^consumer-1 .*"msg"/m, /^consumer-2 .*"msg"/m].every((line) =>
      line.test(logs.stdout),
    ),
  );
  const [consumer = ''] = await project.containers('consumer');
  await docker('restart', consumer);
  await until('what came later', () => /^consumer-\d .*SIGTERM/m.test(logs.stdout));
  process.kill(-logs.pid, 'SIGTERM');
  await logs.exit;
});

test('"make status" shows an empty queue, its consumers and the import', async () => {
  await until('an empty queue, and a complete import', async () => {
    const output = await project.succeeds(['status']);
    const isEmpty = /^csv2db +0 +0 +[1-9]/m.test(output);
    return isEmpty && /^\w+ +data_1000\.csv +1000 +0 +1000 +0 +0 +0 complete$/m.test(output);
  });
});

test('SIGTERM ends the consumers at once, with status 0', async () => {
  await docker('stop', '-t', '10', ...(await project.containers('consumer')));
  expect(await project.is('consumer', 'exited 0')).toBe(true);
});

test('"make start" takes a private file with an awkward name, and three consumers', async () => {
  const file = join(project.folder, `all "contacts" of Jane's, $5: #1\n.csv`);
  await copyFile(`${DATA}data_10000.csv`, file);
  await chmod(file, 0o600);
  await project.succeeds(['start'], { FILE: file, CONSUMERS: '3' });
  await rowsArrive(11_000);
  await until('three consumers', async () => (await project.containers('consumer')).length === 3);
});

test('"make start RESUME=1" goes on where the import of that file stood', async () => {
  const file = join(project.folder, 'one.csv');
  await writeFile(file, 'Ann,ann@resume.example\n');
  for (const [resume, published] of [
    ['', 1],
    ['1', 0],
  ] as const) {
    const output = await project.succeeds([
      'start',
      `FILE=${file}`,
      'CONSUMERS=1',
      `RESUME=${resume}`,
    ]);
    expect(output).toContain(`started 1 consumer and a producer for ${file}`);
    await until('the producer ended', () => project.is('producer', 'exited 0'));
    const log = await docker('logs', ...(await project.containers('producer')));
    expect(log).toContain(` ${published} published`);
  }
});

test('"make start WAIT=1" returns with the proof', async () => {
  const file = join(project.folder, 'waited.csv');
  await writeFile(file, 'Eve,eve@wait.example\nEve,eve@wait.example\n');
  const output = await project.succeeds(['start', `FILE=${file}`, 'WAIT=1']);
  expect(output).toMatch(/^\w+ +waited\.csv +2 +0 +1 +1 +0 +0 complete$/m);
  // a container sees no link, and the ledger knows the file by its own name
  const link = join(project.folder, 'link.csv');
  await symlink(file, link);
  const resumed = await project.succeeds(['start', `FILE=${link}`, 'WAIT=1', 'RESUME=1']);
  expect(resumed).toMatch(/^\w+ +waited\.csv +2 +0 +1 +1 +0 +0 complete$/m);
});

test('"make start TABLE=… COLUMNS=…" fills that table, if it is there, and keeps rejected rows', async () => {
  const file = join(project.folder, 'people.csv');
  await writeFile(file, 'mail;age;name\nann@table.example;7;Ann\n"broken;8;Bob\n');
  // the environment's COLUMNS is the width of a terminal
  const table = { FILE: file, CONSUMERS: '1', TABLE: 'app."Jane\'s"', COLUMNS: '80' };
  const start = ['start', 'COLUMNS=email="mail",age'];
  expect(await project.refuses(start, table)).toContain('has no table app."Jane\'s"');
  await project.sql(`CREATE SCHEMA app; CREATE TABLE app."Jane's" (email text UNIQUE, age int)`);
  await project.succeeds(start, table);
  await until('a row', async () => {
    return (await project.sql(`SELECT count(*) FROM app."Jane's"`)) === '1';
  });
  const rejects = 'mail;age;name;line;reason\n"""broken;8;Bob";;3;a quoted field is not closed\n';
  await until('a rejected row', async () => {
    return (await readFile(`${file}.rejects.csv`, 'utf8').catch(() => '')) === rejects;
  });
});

test('"make stop" leaves no container, and the rows', async () => {
  const rows = await project.countContacts();
  expect(await project.succeeds(['stop'])).toContain('stopped');
  expect(await project.containers()).toEqual([]);
  expect(await project.succeeds(['stop'])).toContain('nothing ran');
  await project.succeeds(['infra']);
  expect(await project.countContacts()).toBe(rows);
});

test('"make demo" starts over after "make drop-db", and loses no row', async () => {
  await project.succeeds(['drop-db']);
  const output = await project.succeeds(['demo']);
  expect(output).toMatch(/^\w+ +data_1000\.csv +1000 +0 +1000 +0 +0 +0 complete$/m);
  expect(output).toContain('Every row arrived');
  expect(output).not.toContain('{');
});

test('"make push" asks for a registry', async () => {
  expect(await project.refuses(['push', 'REGISTRY='])).toContain('REGISTRY is not set');
});

test('"make prune" deletes containers, data and images, but only when told so', async () => {
  expect(await project.refuses(['prune'])).toContain('pass YES=1');
  expect(await project.succeeds(['prune', 'YES=1'])).toContain(
    'deleted: the queue and the database',
  );
  expect(await project.containers()).toEqual([]);
  expect(await docker('image', 'ls', '-q', `localhost/${project.name}/*`)).toBe('');
  expect(await docker('volume', 'ls', '-q', '--filter', `name=${project.name}`)).toBe('');
  await expect(access(join(project.root, 'volumes/pg'))).rejects.toThrow();
  await expect(access(join(project.root, '.env'))).rejects.toThrow();
});
