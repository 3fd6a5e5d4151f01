import { expect, it } from 'vitest';
import type { Delivery } from '../../src/batch.ts';
import type { Layout } from '../../src/database/layout.ts';
import type { Table } from '../../src/database/table.ts';
import { group } from '../../src/store/groups.ts';

// the rest of a delivery, of a layout and of a table is not looked at
const layouts = new Map<string, Layout>();
const table = {
  layoutOf(names: readonly string[]) {
    const layout = layouts.get(names.join()) ?? { columns: names.map((name) => ({ name })) };
    layouts.set(names.join(), layout as unknown as Layout);
    return layout;
  },
} as unknown as Table;

function delivery(body: string, columns: string): Delivery {
  const properties = { contentType: 'text/csv', headers: { 'x-csv2db-columns': columns } };
  return { content: Buffer.from(body), properties } as unknown as Delivery;
}

it('the bodies of each list of columns keep their order, and plain ones stay bytes', () => {
  const batch = [
    delivery('1,2\n', 'a,b'),
    delivery('3\n', 'a'),
    delivery('"4",5\n', 'a,b'),
    delivery('6,7\n', '"a","b"'),
  ];
  const groups = [...group(batch, table).groups];
  expect(groups.map(({ layout }) => layout.columns.map(({ name }) => name).join())).toEqual([
    'a,b',
    'a',
  ]);
  expect(groups[0]?.bodies.map((body) => body.delivery)).toEqual([batch[0], batch[2], batch[3]]);
  expect(groups[0]?.bodies.map(({ rows }) => rows?.map(({ values }) => values))).toEqual([
    undefined,
    [['4', '5']],
    undefined,
  ]);
});

// there were more than a call takes arguments
it('a message may have any number of bad rows', () => {
  const { refusals } = group([delivery('"bad"\n'.repeat(200_000), 'a,b')], table);
  expect(refusals).toHaveLength(200_000);
});
