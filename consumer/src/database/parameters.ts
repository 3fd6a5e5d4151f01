import { InvalidArgumentError } from '@commander-js/extra-typings';
import { parameterOf, type ServerUrl } from '@csv2db/libs/options/server-url.ts';
import { integer, oneOf } from '@csv2db/libs/options/values.ts';
import type { ClientConfig } from 'pg';

/** What parameters of a URL ask of pg; those that it leaves out are not there. */
export type PgParameters = Pick<
  ClientConfig,
  | 'application_name'
  | 'connectionTimeoutMillis'
  | 'enableChannelBinding'
  | 'options'
  | 'sslnegotiation'
>;

/** Names of these parameters. */
export const PG_PARAMETERS = [
  'application_name',
  'channel_binding',
  'connect_timeout',
  'options',
  'sslnegotiation',
  'target_session_attrs',
] as const;

/**
 * Reads them, with their meanings of libpq:
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
 *
 * @throws FatalError when a value is not valid, or can't be kept to.
 */
export function pgParameters(url: ServerUrl, flag: string): PgParameters {
  const given = <T>(name: (typeof PG_PARAMETERS)[number], parse: (text: string) => T) =>
    parameterOf(url, flag, name, parse);
  given('target_session_attrs', sessionAttributes);
  const name = given('application_name', String);
  const options = given('options', String);
  const seconds = given('connect_timeout', integer(0, 86_400));
  const isBound = given('channel_binding', channelBinding);
  const sslnegotiation = given('sslnegotiation', oneOf('postgres', 'direct'));
  return {
    ...(name !== undefined && { application_name: name }),
    ...(options !== undefined && { options }),
    ...(seconds !== undefined && { connectionTimeoutMillis: seconds * 1_000 }),
    ...(isBound !== undefined && { enableChannelBinding: isBound }),
    ...(sslnegotiation !== undefined && { sslnegotiation }),
  };
}

/** pg binds where the server offers it, and goes on without where it does not. */
function channelBinding(value: string): boolean {
  if (value === 'require') {
    throw new InvalidArgumentError(
      'pg does not insist on it: say channel_binding=prefer and sslmode=verify-full, which keeps others out of the middle as well.',
    );
  }
  return oneOf('disable', 'prefer')(value) === 'prefer';
}

/** Everything is written: a server that only reads refuses it, and is waited for. */
function sessionAttributes(value: string): void {
  oneOf('any', 'read-write', 'primary')(value);
}
