import type { Password } from '@csv2db/libs/password.ts';
import pgpass from 'pgpass';

/** Whose password is looked for. */
interface Login {
  host: string;
  port: number;
  database: string;
  user: string;
}

/**
 * The password in `~/.pgpass`, or in the file that PGPASSFILE names:
 * https://www.postgresql.org/docs/current/libpq-pgpass.html
 *
 * @param otherwise where there is none for this login.
 */
export function passwordInPgpass(login: Login, otherwise: string): Password {
  return () =>
    new Promise((resolve) => {
      pgpass(login, (password) => resolve(password ?? otherwise));
    });
}
