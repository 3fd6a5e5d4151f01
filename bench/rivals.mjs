// What else brings a file into the table.
import { spawnSync } from 'node:child_process';
import { Process, serverSeconds } from './processes.mjs';
import { databaseUrl } from './servers.mjs';

/** @typedef {import('./cases.mjs').Case} Case */

/** @type {Case['run']} */
export function copy(database, { path }) {
  const { hostname, port, username } = databaseUrl;
  const address = ['-h', hostname, '-p', port, '-U', username, '-d', database];
  const command = `\\copy contacts (name, email) FROM '${path}' (FORMAT csv)`;
  return measure('psql', ['-X', '-q', ...address, '-c', command]);
}

/** @type {Case['run']} */
export function pgloader(database, { path }) {
  const target = new URL(`/${database}?tablename=contacts`, databaseUrl);
  const format = ['--type', 'csv', '--field', 'name,email', '--with', "fields terminated by ','"];
  return measure('pgloader', [...format, path, target.href]);
}

/** Whether pgloader is installed. */
export function hasPgloader() {
  return spawnSync('pgloader', ['--version']).status === 0;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<import('./import.mjs').Result>}
 */
async function measure(command, args) {
  const PGPASSWORD = decodeURIComponent(databaseUrl.password);
  const used = await serverSeconds();
  const began = performance.now();
  const child = new Process(command, args, { ...process.env, PGPASSWORD });
  await child.succeeded();
  const seconds = (performance.now() - began) / 1000;
  const now = await serverSeconds();
  return {
    seconds,
    memory: { [command]: child.memory },
    cpu: { [command]: child.cpu, PostgreSQL: now.PostgreSQL - used.PostgreSQL },
  };
}
