import { FatalError, TransientError } from '@csv2db/libs/errors.ts';
import type { Database } from '../database/connect.ts';
import { SetUpError } from '../database/problem.ts';
import type { Outages } from './outages.ts';

/**
 * Waits until the database answers, and looks at its table.
 *
 * @returns whether that was before the signal was aborted.
 * @throws FatalError when the server refuses the user, or lacks the database, or the table is not
 * as it has to be.
 */
export async function opened(
  database: Database,
  outages: Outages,
  signal: AbortSignal,
): Promise<boolean> {
  const attempt = (): Promise<void> =>
    database
      .use(() => Promise.resolve())
      .catch((error: unknown) => {
        if (error instanceof SetUpError) throw new FatalError(error.message, { cause: error });
        throw error;
      });
  try {
    await outages.outlast(attempt, signal, Infinity);
    return true;
  } catch (error) {
    if (error instanceof TransientError) return false;
    throw error;
  }
}
