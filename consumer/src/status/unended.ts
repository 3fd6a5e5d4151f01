import { quoted } from '@csv2db/libs/shell.ts';
import { printable } from '@csv2db/libs/visible.ts';
import type { Import } from './import.ts';

/**
 * That not all which is missing of an import is known, as it has not ended, and what to do about it.
 */
export function unended({ import: id, files, fileCount, bytes, highestRow }: Import): string {
  const unknown =
    highestRow === null
      ? 'none of its rows has arrived'
      : `the rows behind ${highestRow}, the last that arrived, are not known`;
  const [file] = files;
  const name = fileCount === 1 && file && isWhole(file.name) ? quoted(file.name) : '…';
  const producer = `producer --file ${name}`;
  // a pipe can't be read on from a place
  const resumed = bytes === null ? '' : `"${producer} --resume", or where its checkpoint is gone `;
  return (
    `the import has not ended: ${unknown}. Ask again once its producer has ended; where that was stopped or killed, ` +
    `bring it to its end with ${resumed}"${producer} --import-id ${quoted(id)}" (all of it again), and the flags that it began with`
  );
}

/** Whether a name is shown as it is: the announcement may have shortened it, or come from anybody. */
function isWhole(name: string): boolean {
  return !name.startsWith('…') && !/[\n\t]/.test(name) && printable(name) === name;
}
