// RabbitMQ and PostgreSQL as ordinary processes on 127.0.0.1: see servers.sh for the usage.
import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { openHome } from './home.mjs';
import { Postgres } from './postgres.mjs';
import { Problem, runMain } from './problem.mjs';
import { Rabbitmq } from './rabbitmq.mjs';

/** @typedef {Rabbitmq | Postgres} Server */

const USAGE =
  'usage: servers.sh start|stop|status|remove|ctl|psql DIR [rabbitmq|postgres | argument…]';

void runMain(async () => {
  const [verb, folder, ...args] = process.argv.slice(2);
  if (verb === undefined || folder === undefined) throw new Problem(USAGE);
  const home = openHome(folder, verb === 'start');
  if (!home) {
    if (verb === 'stop' || verb === 'remove') return 0;
    throw new Problem(`no servers were started in ${folder}`);
  }
  const rabbitmq = new Rabbitmq(home);
  const postgres = new Postgres(home);
  switch (verb) {
    case 'start':
      return start(named(args[0]));
    case 'stop':
      for (const server of named(args[0])) await server.stop();
      return 0;
    case 'status':
      return status(named(args[0]));
    case 'remove':
      // what they would take care of now is thrown away
      for (const server of named()) await server.stop('SIGKILL');
      rmSync(home.data, { recursive: true, force: true });
      rmSync(home.dir, { recursive: true, force: true });
      return 0;
    case 'ctl':
      return rabbitmq.ctl(args);
    case 'psql':
      return postgres.psql(args);
    default:
      throw new Problem(USAGE);
  }

  /**
   * The server of that name, or both.
   *
   * @param {string} [name]
   * @returns {Server[]}
   */
  function named(name) {
    const servers = [rabbitmq, postgres].filter((server) => !name || server.name === name);
    if (servers.length === 0) throw new Problem(`there is no server "${name}"; ${USAGE}`);
    return servers;
  }
});

/**
 * Starts those that do not run. Whatever a failed or interrupted start leaves half done is stopped
 * again.
 *
 * @param {Server[]} servers
 */
async function start(servers) {
  const starting = servers.filter((server) => !server.isRunning());
  const undo = async () => {
    for (const server of starting) await server.stop();
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    const status = 128 + constants.signals[signal];
    process.once(signal, () => void undo().finally(() => process.exit(status)));
  }
  try {
    for (const server of starting) await server.choosePorts();
    for (const server of starting) server.launch();
    for (const server of starting) await server.ready();
  } catch (error) {
    await undo();
    throw error;
  }
  return 0;
}

/** @param {Server[]} servers */
function status(servers) {
  const running = servers.filter((server) => server.isRunning());
  for (const { name } of running) console.log(`${name} runs`);
  return running.length === servers.length ? 0 : 1;
}
