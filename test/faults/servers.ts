import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('../../scripts/native/servers.sh', import.meta.url));
const run = promisify(execFile);

export type ServerName = 'rabbitmq' | 'postgres';

const PID_FILES: Record<ServerName, string> = {
  rabbitmq: 'data/rabbitmq/pid',
  postgres: 'data/postgres/cluster/postmaster.pid',
};

function folder(): string {
  const dir = process.env['FC_TEST_SERVERS_DIR'];
  if (!dir) throw new Error('FC_TEST_SERVERS_DIR is not set: run this with "make test-faults"');
  return dir;
}

/** Kills a server with SIGKILL. */
export async function kill(server: ServerName): Promise<void> {
  const pid = Number.parseInt(await readFile(join(folder(), PID_FILES[server]), 'utf8'), 10);
  process.kill(pid, 'SIGKILL');
}

/** Stops a server in its own way, and whatever a killed one has left behind. */
export async function stop(server: ServerName): Promise<void> {
  await run(SCRIPT, ['stop', folder(), server]);
}

/** Starts a server that is not running, on the port it had. */
export async function start(server: ServerName): Promise<void> {
  await run(SCRIPT, ['start', folder(), server]);
}

/** Kills a server, and starts it again after so many seconds. */
export async function killFor(server: ServerName, seconds: number): Promise<void> {
  await kill(server);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  await stop(server);
  await start(server);
}

/** Runs rabbitmqctl, and gives what it printed. */
export async function rabbitmqctl(...args: string[]): Promise<string> {
  const { stdout } = await run(SCRIPT, ['ctl', folder(), ...args]);
  return stdout;
}

/** What RabbitMQ 3 has unless it is configured; 4 has less. */
const LARGEST_MESSAGE = 128 * 2 ** 20;

/**
 * Sets the size of the largest message that the broker takes, in bytes, where RabbitMQ 3 keeps it and
 * where RabbitMQ 4 does. Without a size it is large again.
 */
export async function setLargestMessage(bytes = LARGEST_MESSAGE): Promise<void> {
  const put = `persistent_term:put(max_message_size, ${bytes})`;
  await rabbitmqctl('eval', `${put}, application:set_env(rabbit, max_message_size, ${bytes}).`);
}

/**
 * Makes the broker ignore whatever arrives on one channel of a vhost's producer, though its
 * connection lives.
 *
 * @returns what ends it.
 */
export async function suspendProducerChannel(vhost: string): Promise<() => Promise<void>> {
  const printed = await rabbitmqctl(
    'eval',
    `[Pid | _] = [Pid || [{pid, Pid}, {vhost, <<"${vhost}">>}, {confirm, true}, {consumer_count, 0}]
       <- rabbit_channel:info_all([pid, vhost, confirm, consumer_count])],
     ok = sys:suspend(Pid),
     pid_to_list(Pid).`,
  );
  return async () => {
    await rabbitmqctl('eval', `catch sys:resume(list_to_pid(${printed.trim()})).`);
  };
}
