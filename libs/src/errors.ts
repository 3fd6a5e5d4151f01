/**
 * The class of an error says what happens next. Anything that is not one of these is a defect of
 * the program: it ends the process with status 2 and a stack trace (see lifecycle.ts).
 */

/**
 * A wrong flag, or a server that can't be used: the process ends with status 1.
 *
 * The message is one line for a person: what happened, where (flag, file or host), and what to do.
 */
export class FatalError extends Error {
  override name = 'FatalError';
}

/** A server that does not answer, or refuses for the time being: the same is tried again later. */
export class TransientError extends Error {
  override name = 'TransientError';
}

/**
 * The text of anything that was thrown; of several attempts at once (`AggregateError`), the first.
 */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system, Postgres or AMQP error, as text; undefined when it has none. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' || typeof error.code === 'number'
    ? String(error.code)
    : undefined;
}

/** Why a server can't be worked with, in a few words: what was at the bottom of it, without where. */
export function briefly(error: unknown): string {
  let first = error;
  while (first instanceof Error && first.cause instanceof Error) first = first.cause;
  return connectionProblem(first).replace(/^(RabbitMQ|PostgreSQL) at \S+ /, '');
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'unknown host',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  ETIMEDOUT: 'timed out',
};

/** Why a connection failed, in words. */
export function connectionProblem(error: unknown): string {
  return REASONS[codeOf(error) ?? ''] ?? messageOf(error);
}
