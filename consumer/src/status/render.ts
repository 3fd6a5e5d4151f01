import type { QueueConfig } from '@csv2db/libs/queue/address.ts';
import { printable } from '@csv2db/libs/visible.ts';
import type { Depths } from './depths.ts';
import type { Look } from './look.ts';
import { table } from './table.ts';

/** What there is to see, as lines for a person. */
export function render(
  { imports, foreign, depths }: Look,
  queue: Pick<QueueConfig, 'name' | 'deadName'>,
  width: number,
): string[] {
  const lines = imports.length > 0 ? table(imports, width) : ['no import is in the ledger'];
  lines.push('');
  if (foreign) {
    const { rows, inserted } = foreign;
    lines.push(`in messages that name no import: ${rows} rows, ${inserted} inserted`);
  }
  lines.push(...depthLines(depths, queue));
  if (depths.problem !== undefined && imports.some(({ state }) => state === 'incomplete')) {
    lines.push('so what is incomplete as far as the ledger knows may be running');
  }
  return lines;
}

function depthLines(
  { queue, dead, problem }: Depths,
  { name, deadName }: Pick<QueueConfig, 'name' | 'deadName'>,
): string[] {
  if (problem !== undefined)
    return [`what waits in the queues is not known: ${printable(problem)}`];
  const shown = (depth: number | undefined): string => String(depth ?? 'there is none');
  return [
    `messages in "${name}": ${shown(queue)}`,
    `dead letters in "${deadName}": ${shown(dead)}`,
  ];
}

/** What there is to see, as JSON: an object a line, the messages that name no import at last. */
export function renderJson({ imports, foreign }: Look): string[] {
  const objects = foreign ? [...imports, { import: null, ...foreign }] : imports;
  return objects.map((object) => printable(JSON.stringify(object)));
}
