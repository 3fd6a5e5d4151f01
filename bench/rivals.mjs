// What else brings a file into the table.
import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { Process, serverSeconds } from './processes.mjs';
import { databaseUrl } from './servers.mjs';

/** @typedef {import('./cases.mjs').Case} Case */

const PARALLEL_COPY = 'timescaledb-parallel-copy';
/** Milliseconds after which PostgreSQL has counted what a process that ended has used. */
const SETTLING = 500;

/** @type {Case['run']} */
export function copy(database, file) {
  return copyInto(database, file, 'contacts (name, email)');
}

/**
 * @param {string} database
 * @param {import('./data.mjs').File} file
 * @param {string} table
 */
export function copyInto(database, { path }, table) {
  return psql(database, [`\\copy ${table} FROM '${path}' (FORMAT csv)`]);
}

/**
 * What people do by hand where there are duplicates.
 * @type {Case['run']}
 */
export function copyAndInsert(database, { path }) {
  return psql(database, [
    'CREATE TEMP TABLE new_contacts (LIKE contacts)',
    `\\copy new_contacts (name, email) FROM '${path}' (FORMAT csv)`,
    'INSERT INTO contacts SELECT * FROM new_contacts ON CONFLICT (email) DO NOTHING',
  ]);
}

/** @type {Case['run']} */
export function parallelCopy(database, { path }) {
  const { hostname, port, username } = databaseUrl;
  const connection = `host=${hostname} port=${port} user=${username} dbname=${database} sslmode=disable`;
  const table = ['--table', 'contacts', '--columns', 'name,email', '--copy-options', 'CSV'];
  const how = ['--workers', '2', '--on-conflict-do-nothing'];
  return measure(PARALLEL_COPY, ['--connection', connection, ...table, ...how, '--file', path]);
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

/** Whether timescaledb-parallel-copy is installed. */
export function hasParallelCopy() {
  return spawnSync(PARALLEL_COPY, ['--version']).status === 0;
}

/**
 * @param {string} database
 * @param {string[]} commands
 */
function psql(database, commands) {
  const { hostname, port, username } = databaseUrl;
  const address = ['-h', hostname, '-p', port, '-U', username, '-d', database];
  const flags = commands.flatMap((command) => ['-c', command]);
  return measure('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...address, ...flags]);
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
  // a server process that has just ended is counted nowhere for a moment
  await pause(SETTLING);
  const now = await serverSeconds();
  return {
    seconds,
    memory: { [command]: child.memory },
    cpu: { [command]: child.cpu, PostgreSQL: now.PostgreSQL - used.PostgreSQL },
  };
}
