import type { GetMessage } from 'amqplib';
import { reasonOf } from './letter.ts';
import { type NamedValues, rowsOf } from './rows.ts';

/**
 * Prints the rows of the letters as CSV, some columns of each, and its reason. NULL is an empty field
 * without quotes; what can't be read, and what has no such column, is empty.
 *
 * @param warn is told of rows that have none of the columns.
 */
export async function exportCsv(
  letters: AsyncIterable<GetMessage>,
  columns: readonly string[],
  print: (line: string) => Promise<void>,
  warn: (line: string) => void,
): Promise<void> {
  let others = 0;
  let example: string | undefined;
  for await (const message of letters) {
    const reason = quote(reasonOf(message));
    for (const row of rowsOf(message)) {
      await print([...columns.map((column) => field(row, column)), reason].join(','));
      if (!row || columns.some((column) => row.has(column))) continue;
      others += 1;
      example ??= [...row.keys()].join();
    }
  }
  if (others === 0) return;
  warn(
    `${others} rows have none of the columns ${columns.join()}: name theirs, as --columns '${example}'`,
  );
}

function field(row: NamedValues | undefined, column: string): string {
  const value = row?.get(column);
  return value === null ? '' : quote(value ?? '');
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
