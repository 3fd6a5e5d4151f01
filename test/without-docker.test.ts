import { access, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Project } from './project.ts';
import { until } from './sandbox.ts';

/** In the order of a first day with the system: each test goes on where the one before it ended. */
let project: Project;

beforeAll(async () => {
  project = await Project.copy('local');
});
afterAll(async () => {
  await project.remove();
});

test('"make infra" says where the servers listen', async () => {
  expect(await project.refuses(['start'])).toContain('run "make infra" first');
  const output = await project.succeeds(['infra']);
  expect(output).toContain(`RabbitMQ listens on 127.0.0.1:${project.env['QUEUE_PORT']}`);
  expect(output).toContain(`PostgreSQL listens on 127.0.0.1:${project.env['DB_PORT']}`);
  expect(await project.refuses(['start'])).toContain('run "make migrate-db" first');
  expect(await project.succeeds(['status'])).toContain('no ledger yet: "make migrate-db" makes it');
});

test('"make demo" proves that every row arrived', async () => {
  const output = await project.succeeds(['demo']);
  expect(output).toMatch(/^\w+ +data_1000\.csv +1000 +0 +1000 +0 +0 +0 complete$/m);
  expect(output).toContain('Every row arrived');
  expect(output).not.toContain('{');
});

test('"make start" takes a file with an awkward name', async () => {
  const file = join(project.folder, `"some" of Jane's, $5: #1\n.csv`);
  await writeFile(file, 'Ann,ann@local.example\n');
  const output = await project.succeeds(['start'], { FILE: file, CONSUMERS: '1' });
  expect(output).toContain('started 1 consumer and a producer for');
  await until('1,001 rows', async () => (await project.countContacts()) === 1001);
  let status = '';
  await until('the proof', async () => {
    status = await project.succeeds(['status']);
    return /^\w+ +"some" .*#1\\n\.csv +1 +0 +1 +0 +0 +0 complete$/m.test(status);
  });
  expect(status).toMatch(/^csv2db +\d+ +\d+ +\d+$/m);
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

test('"make start WAIT=1" returns with the proof, and fails where a row is dead', async () => {
  const file = join(project.folder, 'waited.csv');
  await writeFile(file, 'Eve,eve@wait.example\nEve,eve@wait.example\nBad,bad@wait.example\n');
  const start = ['start', `FILE=${file}`, 'WAIT=1'];
  const output = await project.succeeds(start);
  expect(output).toMatch(/^\w+ +waited\.csv +3 +0 +2 +1 +0 +0 complete$/m);
  // the ledger knows the file by its own name
  const link = join(project.folder, 'link.csv');
  await symlink(file, link);
  const resumed = await project.succeeds(['start', `FILE=${link}`, 'WAIT=1', 'RESUME=1']);
  expect(resumed).toMatch(/^\w+ +waited\.csv +3 +0 +2 +1 +0 +0 complete$/m);
  await project.sql(`DELETE FROM contacts; ALTER TABLE contacts ADD CHECK (name <> 'Bad')`);
  const refused = await project.refuses(start);
  expect(refused).toMatch(/^\w+ +waited\.csv +3 +0 +1 +1 +1 +0 complete$/m);
  expect(refused).toContain('not every row is in the table');
});

test('"make stop" ends everything, and says so', async () => {
  expect(await project.succeeds(['stop'])).toContain('stopped');
  expect(await project.succeeds(['stop'])).toContain('nothing ran');
  // of what has ended, and it ends
  expect(await project.succeeds(['logs'])).toContain('no service runs');
  expect(await project.refuses(['status'])).toContain('run "make infra" first');
});

// its programs are chosen by the version of the data, and those may be gone
test('"make infra" says that data is of a PostgreSQL that is not installed', async () => {
  const version = join(project.root, 'volumes/local/data/postgres/cluster/PG_VERSION');
  await writeFile(version, '9\n');
  expect(await project.refuses(['infra'])).toContain('is of PostgreSQL 9, which is not installed');
});

test('"make prune" deletes the data, but only when told so', async () => {
  expect(await project.refuses(['prune'])).toContain('pass YES=1');
  expect(await project.succeeds(['prune', 'YES=1'])).toContain('deleted: the queue');
  await expect(access(join(project.root, 'volumes/local'))).rejects.toThrow();
});
