// Vitest runs this before each file of faults. They stop and break servers beside each other, so
// each has servers of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../scripts/with-servers.sh', import.meta.url));
// however the worker ends, that closes the pipe, and so ends this command and its servers
const COMMAND = 'console.log(JSON.stringify(process.env)); process.stdin.resume()';

// the first of the workers has those that the run was given
if (process.env['VITEST_POOL_ID'] !== '1') await startServers();

async function startServers(): Promise<void> {
  const servers = spawn(SCRIPT, [process.execPath, '-e', COMMAND], {
    env: { ...process.env, FC_TEST_QUEUE_URL: '' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(servers.stdout)) {
    const env = JSON.parse(line) as Record<string, string>;
    for (const name in env) if (name.startsWith('FC_TEST_')) process.env[name] = env[name];
    break;
  }
  afterAll(async () => {
    servers.stdin.end();
    await once(servers, 'exit');
  });
}
