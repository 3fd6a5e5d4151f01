import {
  codeOf,
  connectionProblem,
  FatalError,
  messageOf,
  TransientError,
} from '@csv2db/libs/errors.ts';
import { speaksNoTls, tlsProblem } from '@csv2db/libs/tls/problem.ts';
import pg from 'pg';
import { type DatabaseConfig, serverAt } from './address.ts';
import { migrateCommand } from './again.ts';
import { isUnanswered, verdictOn } from './sqlstate.ts';

/**
 * The database is not set up as it has to be, and waiting alone does not mend that: at the start it
 * is fatal. Later a person may be at work on it, so that the same is tried again.
 */
export class SetUpError extends TransientError {
  override name = 'SetUpError';
}

/** The table is not what it was when it was looked at. It is looked at again. */
export class TableChangedError extends TransientError {
  override name = 'TableChangedError';

  constructor() {
    super('the table was changed');
  }
}

/**
 * What a failed connection or statement means to the person who runs this, and whether waiting
 * mends it.
 *
 * @returns a TransientError for an outage, a SetUpError for what a person has to mend, each with
 * the server's own words; what is not an error of the database, as it is.
 */
export function databaseProblem(error: unknown, config: DatabaseConfig): Error {
  const verdict = verdictOn(error);
  if (error instanceof TransientError) return error;
  // a file of TLS, or that of the password
  if (error instanceof FatalError) return new SetUpError(error.message, { cause: error });
  if (verdict === 'defect') return error instanceof Error ? error : new Error(messageOf(error));
  const where = serverAt(config);
  if (isUnanswered(error)) {
    return new TransientError(`${where} does not answer: timeout`, { cause: error });
  }
  if (!(error instanceof pg.DatabaseError)) {
    const refusal = explainConnection(error, config);
    if (refusal !== undefined) return new SetUpError(`${where} ${refusal}`, { cause: error });
    const message = `${where} (${config.flags.address}) can't be reached: ${connectionProblem(error)}`;
    return new TransientError(message, { cause: error });
  }
  const text = oneLine(messageOf(error));
  const known = explain(error, config);
  const message = known
    ? `${where} ${known} (${text})`
    : `${where} failed: ${text} (SQLSTATE ${error.code})`;
  return verdict === 'set-up'
    ? new SetUpError(message, { cause: error })
    : new TransientError(message, { cause: error });
}

/** What keeps a connection from being made that the server itself has no part in. */
function explainConnection(
  error: unknown,
  { user, tls, flags }: DatabaseConfig,
): string | undefined {
  const text = messageOf(error);
  if (/^SASL/.test(text)) return `asks for a password of "${user}": check ${flags.login} (${text})`;
  if (/not support SSL/.test(text) || speaksNoTls(error)) {
    return `takes no TLS: set "ssl = on" in its postgresql.conf, or ask for --db-sslmode disable (${text})`;
  }
  return tls && tlsProblem(error, tls.files);
}

/** What happened and what to do about it, where that can be told. */
function explain(error: pg.DatabaseError, config: DatabaseConfig): string | undefined {
  const { message } = error;
  const user = `"${config.user}"`;
  const [asUser, database] = [config.user, config.name].map((name) => pg.escapeIdentifier(name));
  switch (codeOf(error)) {
    case '28P01':
      return `refused the user ${user}: check ${config.flags.login}, and whether the password has expired`;
    case '28000':
      if (/no encryption|SSL off/.test(message)) {
        return `refused the user ${user}, who came without TLS: if it takes only TLS, add --db-sslmode verify-full and --db-ca; or let this host in with a line of its pg_hba.conf`;
      }
      if (/client certificate/.test(message)) {
        return `wants a certificate of the user ${user}: give --db-cert and --db-key`;
      }
      if (/^certificate authentication/.test(message)) {
        return `refused the user ${user}: the certificate of --db-cert must be of that name`;
      }
      if (/pg_hba/.test(message)) {
        return `refused the user ${user}: let this host in with a line of its pg_hba.conf`;
      }
      return `refused the user ${user}: check --db-user, or allow it with: ALTER ROLE ${asUser} LOGIN`;
    case '3D000':
      return `has no database "${config.name}": create it with ${migrateCommand(config)}, or check ${config.flags.name}`;
    case '42P01':
      if (!/"contacts"/.test(message)) return undefined;
      return `has no table contacts in "${config.name}": create it with ${migrateCommand(config)}`;
    case '42501': {
      if (/create database/.test(message)) {
        return `refuses the user ${user} a right: ALTER ROLE ${asUser} CREATEDB`;
      }
      const [, kind, name] = /for (database|schema|sequence|table) (\S+)$/.exec(message) ?? [];
      if (kind === undefined || name === undefined) return undefined;
      const rights = RIGHTS[kind] ?? 'ALL';
      return `refuses the user ${user} a right: GRANT ${rights} ON ${kind.toUpperCase()} ${quoted(name)} TO ${asUser}`;
    }
    case '53300':
      return `has no connection left: raise the limit that it names, or lower --parallel`;
    case '55000':
      if (!/accepting connections/.test(message)) return undefined;
      return `lets nobody into "${config.name}": ALTER DATABASE ${database} ALLOW_CONNECTIONS true`;
    case '55P03':
      return `waited for somebody's lock on the table: see pg_locks and pg_stat_activity`;
    default:
      return undefined;
  }
}

/** What a consumer needs of each kind of object. */
const RIGHTS: Record<string, string> = {
  database: 'CONNECT',
  schema: 'USAGE, CREATE',
  sequence: 'USAGE',
  table: 'INSERT, SELECT',
};

/** An object's name in a message of PostgreSQL, as an identifier. */
function quoted(name: string): string {
  return pg.escapeIdentifier(name.replace(/^"(.*)"$/, '$1'));
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ');
}
