import type { Password } from '@csv2db/libs/password.ts';
import type { PgParameters } from './parameters.ts';
import type { DatabaseTls } from './tls.ts';

/** How to reach a database. */
export interface DatabaseConfig {
  /** A name or an address, or the folder of a Unix socket. */
  host: string;
  port: number;
  user: string;
  password: Password;
  /** Name of the database. */
  name: string;
  /** The table, as PostgreSQL reads its name; undefined for the original's, `contacts`. */
  table: string | undefined;
  /** Undefined where the connection is plain. */
  tls: DatabaseTls | undefined;
  /** What else a URL asks of the connection. */
  parameters?: PgParameters | undefined;
  /** Longest time that the server may work on one statement, in milliseconds. */
  statementTimeout: number;
  /**
   * The flags that gave what may be wrong, for messages; `again` is those of the command line with
   * their values, for another command.
   */
  flags: { address: string; login: string; name: string; again?: string };
}

/** The server in messages. */
export function serverAt({ host, port }: Pick<DatabaseConfig, 'host' | 'port'>): string {
  return `PostgreSQL at ${host.includes(':') ? `[${host}]` : host}:${port}`;
}
