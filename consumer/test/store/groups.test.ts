import { expect, it } from 'vitest';
import { group } from '../../src/store/groups.ts';
import { tableOf } from '../database/tables.ts';
import { delivery } from '../deliveries.ts';

const table = tableOf('a', 'b');

function csv(body: string, columns: string) {
  return delivery(body, {
    contentType: 'text/csv',
    headers: { 'x-csv2db-columns': columns },
  });
}

it('the bodies of each list of columns keep their order, and plain ones stay bytes', () => {
  const batch = [
    csv('1,2\n', 'a,b'),
    csv('3\n', 'a'),
    csv('"4",5\n', 'a,b'),
    csv('6,7\n', '"a","b"'),
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
  const { groups } = group([csv('"bad"\n'.repeat(200_000), 'a,b')], table);
  expect(groups[0]?.refusals).toHaveLength(200_000);
});
