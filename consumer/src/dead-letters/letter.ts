/** The headers of a dead letter, beside those of the message it was. */
export const DEAD = {
  /** Why it could not be stored, in words. */
  reason: 'x-csv2db-reason',
  /** SQLSTATE of the database that refused it; absent when it could not be decoded. */
  sqlstate: 'x-csv2db-sqlstate',
  /** When it was refused: ISO 8601, UTC. */
  time: 'x-csv2db-time',
  /** How often it was delivered. */
  attempts: 'x-csv2db-attempts',
} as const;
