import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe } from 'vitest';

const isThere = spawnSync('python3', ['--version']).status === 0;
if (!isThere) process.stderr.write('python3 is not here: what is compared with it is skipped\n');

/** Tests that compare with Python's `csv` module; left out where there is no python3. */
export const describeWithPython = describe.skipIf(!isThere);

/** Runs a script on a text, and gives what it prints, which is JSON. */
export async function python(script: string, input: string): Promise<unknown> {
  const child = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(input);
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return JSON.parse(output);
}
