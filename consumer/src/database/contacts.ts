import pg from 'pg';
import type { Facts } from './facts.ts';

/** The table where none is named: the original's, whose rows have a name and an email. */
export const CONTACTS = 'contacts';

const COLUMNS = ['name', 'email'];
const ADD_UNIQUE = 'ALTER TABLE contacts ADD UNIQUE (email)';

/** The first thing that keeps contacts from being stored once each, and what mends it. */
export function contactsProblem({ kind, columns, indexes, hasTrigger }: Facts): string | undefined {
  const isView = kind === 'v';
  const names = columns.map(({ name }) => name);
  for (const column of COLUMNS.filter((name) => !names.includes(name))) {
    const other = names.find((name) => name.toLowerCase().trim() === column);
    const remedy =
      other === undefined
        ? `ADD COLUMN ${column} text`
        : `RENAME COLUMN ${pg.escapeIdentifier(other)} TO ${column}`;
    return `has a table contacts without a column "${column}": ALTER ${isView ? 'VIEW' : 'TABLE'} contacts ${remedy}`;
  }
  const own = columns.filter(({ name }) => COLUMNS.includes(name));
  const generated = own.find(({ isGenerated }) => isGenerated);
  if (generated !== undefined) {
    const what = generated.isIdentityAlways ? 'IDENTITY' : 'EXPRESSION';
    return `generates the column "${generated.name}" of contacts, which nothing can be stored in then: ALTER TABLE contacts ALTER COLUMN ${generated.name} DROP ${what}`;
  }
  const required = columns.find(({ name, isRequired }) => isRequired && !COLUMNS.includes(name));
  if (required !== undefined && !hasTrigger && !isView) {
    return `has a column ${required.name} in contacts that must not be null and has no default: ALTER TABLE contacts ALTER COLUMN ${pg.escapeIdentifier(required.name)} DROP NOT NULL`;
  }
  const unique = indexes.filter(
    (index) =>
      index.isPlain &&
      !index.isOfPartition &&
      index.isImmediate &&
      index.columns.join() === 'email',
  );
  if (!isView && !unique.some(({ isValid }) => isValid)) {
    const [invalid] = unique;
    const remedy = invalid === undefined ? ADD_UNIQUE : `REINDEX INDEX ${invalid.name}`;
    return `has no valid unique index on exactly contacts (email), and would store duplicates: ${remedy}`;
  }
  return undefined;
}
