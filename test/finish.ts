import type { Run } from './processes.ts';
import { type Sandbox, until } from './sandbox.ts';

/** Waits until a consumer has the queue emptied, and ends it. @returns its totals. */
export async function finish(sandbox: Sandbox, consumer: Run): Promise<Record<string, unknown>> {
  await consumer.logged(/^consuming/);
  await until('the queue is empty', async () => (await sandbox.ready()) === 0);
  consumer.kill('SIGTERM');
  await consumer.succeeds();
  return await consumer.logged(/^stopped/);
}
