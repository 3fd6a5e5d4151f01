import { FatalError, TransientError } from '../errors.ts';
import type { Address } from './address.ts';

/**
 * Tries brokers of one cluster in turn, each once, until one works.
 *
 * @param attempt is told why those before did not.
 * @throws when none does, an error that says of each why: a FatalError when one of them is of no use
 * as it is, otherwise a TransientError; anything else that an attempt throws, at once.
 */
export async function firstThatWorks<T>(
  addresses: readonly Address[],
  attempt: (address: Address, failures: readonly Error[]) => Promise<T>,
): Promise<T> {
  const failures: Error[] = [];
  for (const address of addresses) {
    try {
      return await attempt(address, failures);
    } catch (error) {
      if (!(error instanceof FatalError || error instanceof TransientError)) throw error;
      failures.push(error);
    }
  }
  const [failure] = failures;
  if (failure && failures.length === 1) throw failure;
  // what has nothing to do with the broker is the same for each, such as a file that is not there
  const message = [...new Set(failures.map((each) => each.message))].join('; ');
  const Kind = failures.some((each) => each instanceof FatalError) ? FatalError : TransientError;
  throw new Kind(message, { cause: failure });
}
