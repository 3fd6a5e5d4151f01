import { codeOf } from '@csv2db/libs/errors.ts';
import { CONTACT_COLUMNS, UndecodableError } from '@csv2db/libs/message.ts';
import pg from 'pg';
import { ledgerProblem } from '../ledger/ledger.ts';
import { type DatabaseConfig, serverAt } from './address.ts';
import { CONTACTS } from './contacts.ts';
import { type Column, FACTS, type Facts, fingerprintOf } from './facts.ts';
import { type Layout, layoutOf } from './layout.ts';
import { runWithin } from './limits.ts';
import { whyMissing } from './missing.ts';
import { SetUpError } from './problem.ts';
import { grant, problemWith, warningsOf } from './unfit.ts';

/** The columns of a message are not those of the table. It may have changed since it was looked at. */
export class ColumnsError extends UndecodableError {
  override name = 'ColumnsError';
}

/** Most lists of columns that are remembered; of more, somebody makes them up. */
const MOST_LAYOUTS = 1_000;

/** The table as it was when it was looked at. */
export class Table {
  /** What to tell a person about a table that works. */
  readonly warnings: readonly string[];
  /** Whether it is the one of the original, whose rows have a name and an email. */
  readonly isContacts: boolean;
  /** Whether what becomes of the rows can be written down beside them. */
  readonly hasLedger: boolean;
  /** Changes with whatever the statements depend on. */
  readonly fingerprint: string;
  /** Reads it anew, as `fingerprint`. */
  readonly fingerprintQuery: string;
  readonly #facts: Facts;
  readonly #config: DatabaseConfig;
  readonly #columns: ReadonlyMap<string, Column>;
  readonly #layouts = new Map<string, Layout>();

  /** @param noLedger why there is no ledger; undefined where there is one. */
  constructor(facts: Facts, config: DatabaseConfig, noLedger?: string) {
    this.#facts = facts;
    this.#config = config;
    this.#columns = new Map(facts.columns.map((column) => [column.name, column]));
    this.isContacts = config.table === undefined;
    this.warnings = [...warningsOf(facts, config), ...(noLedger === undefined ? [] : [noLedger])];
    this.hasLedger = noLedger === undefined;
    this.fingerprint = facts.fingerprint;
    const oid = `${pg.escapeLiteral(facts.name)}::regclass`;
    this.fingerprintQuery = `SELECT ${fingerprintOf(oid)} AS fingerprint`;
  }

  /** Its columns among some names, in their order in the table. */
  columnsAmong(names: ReadonlySet<string>): string[] {
    return this.#facts.columns.flatMap(({ name }) => (names.has(name) ? [name] : []));
  }

  /** Its columns, for a person. */
  get description(): string {
    return `${this.#facts.name} (${this.#facts.columns.map(({ name }) => name).join(', ')})`;
  }

  /**
   * How rows of some columns get into it.
   *
   * @throws ColumnsError when it lacks one of them, takes no value for one, or needs one more;
   * SetUpError when this user may not insert into one, or find duplicates.
   */
  layoutOf(names: readonly string[]): Layout {
    const id = JSON.stringify(names);
    const known = this.#layouts.get(id);
    if (known) return known;
    const missing = this.isContacts && CONTACT_COLUMNS.find((name) => !names.includes(name));
    if (missing) throw new ColumnsError(`the message has no column "${missing}"`);
    const layout = layoutOf(this.#facts, this.#insertable(names), this.isContacts);
    this.#requireRest(names);
    const hidden = layout.key.some((place) => layout.columns[place]?.isSelectable === false);
    if (hidden) this.#refuse(grant(this.#facts, this.#config));
    if (this.#layouts.size === MOST_LAYOUTS) this.#layouts.clear();
    this.#layouts.set(id, layout);
    return layout;
  }

  #insertable(names: readonly string[]): Column[] {
    return names.map((name) => {
      const column = this.#columns.get(name);
      if (!column) {
        throw new ColumnsError(`the table has no column "${name}": ${this.description}`);
      }
      if (column.isGenerated) {
        const how = column.isIdentityAlways ? 'GENERATED ALWAYS AS IDENTITY' : 'generated';
        throw new ColumnsError(`the column "${name}" of the table takes no value: it is ${how}`);
      }
      if (!column.isInsertable) this.#refuse(grant(this.#facts, this.#config));
      return column;
    });
  }

  /** A view, or a trigger, may fill in what is not named. */
  #requireRest(names: readonly string[]): void {
    const { columns, hasTrigger, kind } = this.#facts;
    if (hasTrigger || kind === 'v') return;
    const lacking = columns.find(({ name, isRequired }) => isRequired && !names.includes(name));
    if (!lacking) return;
    throw new ColumnsError(
      `the row has no column "${lacking.name}", which must not be null and has no default: ${this.description}`,
    );
  }

  #refuse(problem: string): never {
    throw new SetUpError(`${serverAt(this.#config)} ${problem}`);
  }
}

/**
 * Looks whether rows can be stored in the table. The catalogue tells what is wrong in words of use; in
 * the end PostgreSQL plans an INSERT, without a row.
 *
 * @throws SetUpError with what is wrong, and the SQL that mends it; the error of pg when the
 * planner finds more than that.
 */
export async function checkTable(client: pg.ClientBase, config: DatabaseConfig): Promise<Table> {
  const { statementTimeout, table: name } = config;
  const isContacts = name === undefined;
  const facts = await factsOf(client, statementTimeout, name ?? CONTACTS);
  const problem = facts ? problemWith(facts, config) : await whyMissing(client, config);
  if (problem !== undefined || !facts) throw new SetUpError(`${serverAt(config)} ${problem}`);
  const table = new Table(facts, config, await ledgerProblem(client, config));
  const rehearsed = isContacts
    ? table.layoutOf(CONTACT_COLUMNS).insert
    : `INSERT INTO ${facts.name} DEFAULT VALUES`;
  await runWithin(client, statementTimeout, `EXPLAIN ${rehearsed}`, isContacts ? [[], []] : []);
  return table;
}

/** @returns undefined where the table is not there, or in a schema that is closed to this user. */
async function factsOf(
  client: pg.ClientBase,
  timeout: number,
  name: string,
): Promise<Facts | undefined> {
  try {
    const { rows } = await runWithin<Facts>(client, timeout, FACTS, [name]);
    return rows[0];
  } catch (error) {
    if (codeOf(error) === INSUFFICIENT_PRIVILEGE) return undefined;
    throw error;
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';
