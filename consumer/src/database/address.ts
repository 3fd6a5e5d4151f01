/** How to reach a database. */
export interface DatabaseConfig {
  host: string;
  port: number;
  user: string;
  password: string;
  /** Name of the database. */
  name: string;
  /** The table, as PostgreSQL reads its name; undefined for the original's, `contacts`. */
  table: string | undefined;
  /** Longest time that the server may work on one statement, in milliseconds. */
  statementTimeout: number;
}
