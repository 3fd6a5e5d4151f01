import { randomBytes } from 'node:crypto';
import { CONTENT_TYPE } from '@csv2db/libs/message.ts';
import { deadArguments, liveArguments } from '@csv2db/libs/queue/declare.ts';
import { type Channel, type ChannelModel, connect, type ConsumeMessage } from 'amqplib';
import pg from 'pg';
import { type Run, start, type StartOptions } from './processes.ts';
import { administer, copyTemplate, sharedTemplate } from './template.ts';

/**
 * A vhost and a database of its own on the real servers, the programs set up to use them, and a
 * look into both. `destroy` removes it all, after ending the programs that still run.
 */
export class Sandbox {
  readonly env: Record<string, string>;
  readonly vhost: string;
  readonly databaseUrl: URL;
  readonly pool: pg.Pool;
  readonly #server: URL;
  #connection: ChannelModel;
  channel: Channel;
  readonly #runs: Run[] = [];
  #declaring: Promise<void> | undefined;

  private constructor(vhost: string, server: URL, connection: ChannelModel, channel: Channel) {
    this.vhost = vhost;
    this.#server = server;
    this.databaseUrl = new URL(`/${vhost}`, server);
    this.#connection = connection;
    this.channel = channel;
    this.pool = new pg.Pool({ connectionString: this.databaseUrl.href });
    // a test may end the connections, or the server
    this.pool.on('error', () => {});
    const queue = variables(queueUrl());
    const database = variables(server);
    this.env = {
      FC_PRODUCER_QUEUE_ADDR: `${queue.host}:${queue.port}/${vhost}`,
      FC_PRODUCER_QUEUE_USER: queue.user,
      FC_PRODUCER_QUEUE_PASS: queue.password,
      FC_PRODUCER_CHECKPOINT: 'none',
      FC_PRODUCER_REJECTS: 'none',
      FC_CONSUMER_QUEUE_ADDR: `${queue.host}:${queue.port}/${vhost}`,
      FC_CONSUMER_QUEUE_USER: queue.user,
      FC_CONSUMER_QUEUE_PASS: queue.password,
      FC_CONSUMER_DB_HOST: database.host,
      FC_CONSUMER_DB_PORT: database.port,
      FC_CONSUMER_DB_USER: database.user,
      FC_CONSUMER_DB_PASS: database.password,
      FC_CONSUMER_DB_NAME: vhost,
    };
  }

  /** @param server a database server to use in place of the shared one. */
  static async create(server: URL = databaseUrl()): Promise<Sandbox> {
    const name = `csv2db_test_${randomBytes(4).toString('hex')}`;
    await manage('PUT', `vhosts/${name}`);
    await permit(name, '.*');
    const { connection, channel } = await open(name);
    return new Sandbox(name, server, connection, channel);
  }

  /** One whose database has its table, as `consumer migrate` makes it. */
  static async migrated(template = sharedTemplate()): Promise<Sandbox> {
    const sandbox = await Sandbox.create(new URL(template.server));
    await copyTemplate(template, sandbox.databaseName);
    return sandbox;
  }

  /** Opens the sandbox's own connection to the queue anew, after the broker was down. */
  async reconnect(): Promise<void> {
    await this.#connection.close().catch(() => {});
    const { connection, channel } = await open(this.vhost);
    this.#connection = connection;
    this.channel = channel;
  }

  async destroy(): Promise<void> {
    for (const run of this.#runs) run.kill('SIGKILL');
    await Promise.all(this.#runs.map((run) => run.exit));
    await this.pool.end();
    await this.#connection.close().catch(() => {});
    await manage('DELETE', `vhosts/${this.vhost}`);
    await administer(
      this.#server.href,
      `DROP DATABASE IF EXISTS ${this.databaseName} WITH (FORCE)`,
    );
  }

  /** From here on the broker lets nobody publish. */
  async forbidPublishing(): Promise<void> {
    await permit(this.vhost, '^$');
  }

  get databaseName(): string {
    return this.databaseUrl.pathname.slice(1);
  }

  /** Starts a built program; `env` comes on top of the sandbox's own. */
  start(
    program: 'producer' | 'consumer',
    args: string[] = [],
    env: Record<string, string | undefined> = {},
    options?: StartOptions,
  ): Run {
    const run = start(program, args, { ...this.env, ...env }, options);
    this.#runs.push(run);
    return run;
  }

  /** Creates the database and its table. */
  async migrate(): Promise<void> {
    await this.start('consumer', ['migrate']).succeeds();
  }

  /**
   * Declares the queues as the services do, where a test comes before them. They take them for
   * queues that are not new, and so wait for nothing.
   */
  async declareQueue(): Promise<void> {
    // each declaration takes RabbitMQ tens of milliseconds, and send() asks for it each time
    await (this.#declaring ??= this.#declareQueue());
  }

  async #declareQueue(): Promise<void> {
    const dead = deadArguments(this.#connection);
    await this.channel.assertQueue('csv2db.dead', { arguments: dead });
    await this.channel.assertQueue('csv2db', { arguments: liveArguments('csv2db.dead') });
  }

  async contacts(): Promise<{ name: string; email: string }[]> {
    const sql = 'SELECT name, email FROM contacts ORDER BY email COLLATE "C"';
    return (await this.pool.query<{ name: string; email: string }>(sql)).rows;
  }

  async countContacts(): Promise<number> {
    const { rows } = await this.pool.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM contacts',
    );
    return rows[0]?.count ?? 0;
  }

  /**
   * Messages in a queue that are ready; those delivered and not acknowledged are not among them.
   */
  async ready(queue = 'csv2db'): Promise<number> {
    return (await this.channel.checkQueue(queue)).messageCount;
  }

  /** Takes every message that is ready in a queue. @returns those that have rows. */
  async take(queue = 'csv2db'): Promise<ConsumeMessage[]> {
    const { messages } = await this.takeAll(queue);
    return messages;
  }

  /** Takes every message that is ready in a queue, and parts those for the ledger alone. */
  async takeAll(queue = 'csv2db') {
    return await takeAll(this.channel, queue);
  }

  /** Sends a body to the queue, as any other producer might. */
  async send(body: Buffer | string, options = {}): Promise<void> {
    await this.declareQueue();
    this.channel.sendToQueue('csv2db', Buffer.from(body), { persistent: true, ...options });
  }
}

async function open(vhost: string): Promise<{ connection: ChannelModel; channel: Channel }> {
  const url = new URL(queueUrl());
  url.pathname = `/${vhost}`;
  const connection = await connect(url.href);
  // a test may take the broker down
  connection.on('error', () => {});
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  return { connection, channel };
}

/** Takes every message that is ready in a queue, and parts those for the ledger alone. */
export async function takeAll(channel: Channel, queue: string) {
  const [messages, ledger]: [ConsumeMessage[], ConsumeMessage[]] = [[], []];
  const onMessage = (message: ConsumeMessage | null): void => {
    if (!message) return;
    const isOfLedger = message.properties.contentType === CONTENT_TYPE.ledger;
    (isOfLedger ? ledger : messages).push(message);
  };
  // asking for each of them would be a hundred times slower
  const { consumerTag } = await channel.consume(queue, onMessage, { noAck: true });
  const isEmpty = async () => (await channel.checkQueue(queue)).messageCount === 0;
  await until('all is taken', isEmpty);
  await channel.cancel(consumerTag);
  return { messages, ledger };
}

/** Waits until a condition holds, and fails with its last value after `seconds`. */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  seconds = 30,
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`after ${seconds} s, still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export function queueUrl(): URL {
  return serverUrl('FC_TEST_QUEUE_URL');
}

export function databaseUrl(): URL {
  return serverUrl('FC_TEST_DATABASE_URL');
}

function serverUrl(variable: string): URL {
  const url = process.env[variable];
  if (!url) throw new Error(`${variable} is not set: run the tests with "make test"`);
  return new URL(url);
}

function variables(url: URL) {
  return {
    host: url.hostname,
    port: url.port || (url.protocol === 'amqp:' ? '5672' : '5432'),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
}

/** Sets what the test's user may write to in a vhost, a pattern of names; it may do all else. */
async function permit(vhost: string, write: string): Promise<void> {
  const permissions = { configure: '.*', write, read: '.*' };
  await manage('PUT', `permissions/${vhost}/${variables(queueUrl()).user}`, permissions);
}

/** A request to RabbitMQ's management API, which is where vhosts are made, and its answer. */
export async function manage(method: string, path: string, body?: object): Promise<unknown> {
  const { host, user, password } = variables(queueUrl());
  const base = process.env['FC_TEST_MANAGEMENT_URL'] ?? `http://${host}:15672`;
  const response = await fetch(`${base}/api/${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
