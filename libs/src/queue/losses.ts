import { codeOf, connectionProblem, FatalError, messageOf, TransientError } from '../errors.ts';
import { type Address, formatAddress, type QueueConfig } from './address.ts';
import { MessageTooLargeError } from './confirm.ts';
import { wordsOf } from './refusal.ts';

/** What a session is lost for; a FatalError where a right is missing: waiting does not bring it. */
export type Loss = FatalError | TransientError;

/** The session was given back, and the broker is not down. */
export class GivenBackError extends TransientError {
  override name = 'GivenBackError';
}

/** The broker, or the way to it, ended the connection. */
export function connectionLoss(
  error: Error | undefined,
  address: Address,
  queue: string,
): TransientError {
  const where = `RabbitMQ at ${formatAddress(address)}`;
  const cause = { cause: error };
  if (isInternalError(error)) {
    // such a queue is declared without an error, and is empty
    return new TransientError(
      `${where} failed with an internal error (541), as it does when it can't restart a quorum ` +
        `queue after a crash; its log says more. Delete the queue "${queue}" if so, or take ` +
        `another --queue-name`,
      cause,
    );
  }
  const why = error ? ` (${connectionProblem(error)})` : '';
  return new TransientError(`the connection to ${where} is lost${why}`, cause);
}

/** Whether the broker itself has failed: the same fails again, until somebody mends it. */
export function isInternalError(error: unknown): boolean {
  return codeOf(error) === '541';
}

/** The broker closed a channel, as it does for what it refuses. */
export function channelLoss(error: unknown, { user }: QueueConfig): Loss {
  const [why, cause] = [wordsOf(error), { cause: error }];
  const maxBytes = /message size \d+ is larger than .*?(\d+)$/.exec(why)?.[1];
  if (maxBytes !== undefined) return new MessageTooLargeError(Number(maxBytes), cause);
  if (codeOf(error) === '403') {
    return new FatalError(
      `RabbitMQ refuses the user "${user}" (${why}): set_permissions of rabbitmqctl allows it`,
      cause,
    );
  }
  return new TransientError(`RabbitMQ closed a channel: ${messageOf(error)}`, cause);
}
