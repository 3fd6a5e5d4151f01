/** How to reach a database. */
export interface DatabaseConfig {
  host: string;
  port: number;
  user: string;
  password: string;
  /** Name of the database. */
  name: string;
  /** Longest time that the server may work on one statement, in milliseconds. */
  statementTimeout: number;
}
