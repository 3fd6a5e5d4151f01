import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { workbench } from './workbench.ts';

const SUITE = dirname(fileURLToPath(import.meta.resolve('csv-spectrum')));
const bench = workbench();

type Row = Record<string, string>;

// has quotes inside fields that have none around them, and another number in its JSON
const STRAY_QUOTES = 'location_coordinates';
const WRONG_NUMBER = 'Contact Phone Number';

/** The rows of a case of the suite, as it wants them read. */
function rowsOf(name: string): Row[] {
  const json = readFileSync(join(SUITE, 'json', `${name}.json`), 'utf8');
  return [JSON.parse(json) as Row | Row[]].flat();
}

const CASES = readdirSync(join(SUITE, 'csvs')).map((file) => file.replace('.csv', ''));

it.each(CASES)('the case %s of csv-spectrum arrives as the suite reads it', async (name) => {
  const wanted = rowsOf(name);
  const columns = Object.keys(wanted[0] ?? {}).filter((column) => column !== WRONG_NUMBER);
  const { status, messages, output } = await bench.produce([
    '--file',
    join(SUITE, 'csvs', `${name}.csv`),
    '--columns',
    columns.map((column) => `"${column}"`).join(','),
    // in the order of the file
    '--parallel',
    '1',
    // an empty field is to be empty
    '--null',
    '\\N',
    ...(name === STRAY_QUOTES ? ['--quote', 'none'] : []),
  ]);
  expect(status, output).toBe(0);
  expect(messages).toContainEqual(expect.stringMatching(/ is a header$/));
  const published = await bench.sandbox.take();
  const rows = published.map(({ content }) => JSON.parse(content.toString()) as Row);
  expect(rows).toEqual(
    wanted.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]]))),
  );
});
