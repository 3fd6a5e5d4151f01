import { type Given, RANK } from '@csv2db/libs/options/precedence.ts';
import { urlWithoutPassword } from '@csv2db/libs/options/server-url.ts';
import { quoted } from '@csv2db/libs/shell.ts';
import type { DatabaseConfig } from './address.ts';

/** The flags of a command line that lead to a database, for a POSIX shell; without passwords. */
export function againOf(all: readonly Given<string | number | undefined>[]): string {
  return all
    .filter(({ rank }) => rank === RANK.flag)
    .map(({ flag, value }) => {
      const text = String(value);
      return ` ${flag} ${quoted(flag === '--db-url' ? urlWithoutPassword(text) : text)}`;
    })
    .join('');
}

/** The command that makes the tables of a database, for messages. */
export function migrateCommand({ flags }: Pick<DatabaseConfig, 'flags'>): string {
  return `"consumer migrate${flags.again ?? ''}"`;
}
