// Measures an import from the file to the table on the servers that FC_TEST_QUEUE_URL and
// FC_TEST_DATABASE_URL name: rows a second and the most memory each service had.
//   make bench                               on throwaway servers
//   BENCH_ROWS=100000 BENCH_CONSUMERS=1      scale it (default 1,000,000 rows, 2 consumers)
//   BENCH_KILL=1                             kill -9 a consumer half-way, and start another
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { connect } from 'amqplib';

const ROWS = Number(process.env['BENCH_ROWS'] ?? 1_000_000);
const CONSUMERS = Number(process.env['BENCH_CONSUMERS'] ?? 2);
const KILL = process.env['BENCH_KILL'] === '1';
const QUEUE = 'csv2db_bench';
const DATABASE = 'csv2db_bench';

const root = fileURLToPath(new URL('..', import.meta.url));
const queueUrl = serverUrl('FC_TEST_QUEUE_URL');
const databaseUrl = serverUrl('FC_TEST_DATABASE_URL');

/** @param {string} variable */
function serverUrl(variable) {
  const url = process.env[variable];
  if (!url) throw new Error(`${variable} is not set: run this with "make bench"`);
  return new URL(url);
}

const environment = { ...process.env };
for (const service of ['PRODUCER', 'CONSUMER']) {
  environment[`FC_${service}_QUEUE_ADDR`] = queueUrl.host;
  environment[`FC_${service}_QUEUE_USER`] = decodeURIComponent(queueUrl.username);
  environment[`FC_${service}_QUEUE_PASS`] = decodeURIComponent(queueUrl.password);
  environment[`FC_${service}_QUEUE_NAME`] = QUEUE;
}
Object.assign(environment, {
  FC_CONSUMER_DB_HOST: databaseUrl.hostname,
  FC_CONSUMER_DB_PORT: databaseUrl.port,
  FC_CONSUMER_DB_USER: decodeURIComponent(databaseUrl.username),
  FC_CONSUMER_DB_PASS: decodeURIComponent(databaseUrl.password),
  FC_CONSUMER_DB_NAME: DATABASE,
});

/** A built service, and the most memory it was seen with. */
class Service {
  /**
   * @param {string} name
   * @param {string[]} args
   */
  constructor(name, args) {
    this.name = name;
    this.peakMemory = 0;
    this.child = spawn(join(root, 'bin', name), args, {
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    /** @type {Promise<number | null>} */
    this.exit = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('exit', resolve);
    });
  }

  /** Reads the peak of the resident memory, in MB, which Linux keeps for a living process. */
  async sample() {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8').catch(() => '');
    const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1000;
    this.peakMemory = Math.max(this.peakMemory, peak);
  }
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}

/** @param {number} milliseconds */
function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const folder = await mkdtemp(join(tmpdir(), 'csv2db-bench-'));
const connection = await connect(queueUrl.href);
const channel = await connection.createChannel();
await channel.deleteQueue(QUEUE);
const migrated = await new Service('consumer', ['migrate']).exit;
if (migrated !== 0) throw new Error('consumer migrate failed');
const database = new pg.Client({ connectionString: new URL(`/${DATABASE}`, databaseUrl).href });
await database.connect();
await database.query('TRUNCATE contacts');

async function countRows() {
  /** @type {pg.QueryResult<{ count: number }>} */
  const { rows } = await database.query('SELECT count(*)::int AS count FROM contacts');
  return rows[0]?.count ?? 0;
}

/** @type {Service[]} */
const services = [];
try {
  const file = join(folder, 'rows.csv');
  const generator = spawn(process.execPath, [join(root, 'producer/data/generate.mjs'), `${ROWS}`]);
  await pipeline(generator.stdout, createWriteStream(file));

  const began = performance.now();
  const consumers = Array.from({ length: CONSUMERS }, () => new Service('consumer', []));
  const producer = new Service('producer', ['--file', file]);
  services.push(producer, ...consumers);

  let published = 0;
  void producer.exit.then(() => (published = performance.now()));
  let killed = !KILL;
  let count = 0;
  for (let lastChange = performance.now(); count < ROWS;) {
    await pause(100);
    await Promise.all(services.map((service) => service.sample()));
    const now = await countRows();
    if (now > count) lastChange = performance.now();
    if (performance.now() - lastChange > 30_000) throw new Error(`stuck at ${count} rows`);
    count = now;
    if (!killed && count > ROWS / 2) {
      killed = true;
      consumers[0]?.child.kill('SIGKILL');
      services.push(new Service('consumer', []));
      say(`killed a consumer with ${count} rows stored, and started another`);
    }
  }
  const seconds = (performance.now() - began) / 1000;

  say(`${ROWS} rows, one a message, ${CONSUMERS} consumers`);
  say(`end to end  ${seconds.toFixed(1)} s, ${Math.round(ROWS / seconds)} rows/s`);
  if (published > 0) say(`published   after ${((published - began) / 1000).toFixed(1)} s`);
  for (const { name, peakMemory } of services) {
    say(`${name.padEnd(10)}  ${Math.round(peakMemory)} MB at most`);
  }
  say(`rows in the table: ${await countRows()}`);
} finally {
  for (const { child } of services) child.kill('SIGTERM');
  await Promise.all(services.map(({ exit }) => exit));
  await connection.close();
  await database.end();
  await new Service('consumer', ['drop-db']).exit;
  await rm(folder, { recursive: true });
}
