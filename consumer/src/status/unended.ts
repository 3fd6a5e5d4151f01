import { quoted } from '@csv2db/libs/shell.ts';
import type { Import } from './import.ts';

/**
 * That not all which is missing of an import is known, as it has not ended, and what to do about it.
 */
export function unended({ import: id, state, files, fileCount, highestRow }: Import): string {
  const last = highestRow ?? 0;
  const unknown = `the rows behind ${last}, the last that arrived, are not known`;
  if (state === 'running') return `the import has not ended: ${unknown} yet; ask again once it has`;
  const [file] = files;
  const producer = `producer --file ${fileCount === 1 && file ? quoted(file.name) : '…'}`;
  const anew = `${producer} --import-id ${quoted(id)} --offset ${last}`;
  return (
    `the import has not ended: ${unknown}. Bring it to its end first, with "${producer} --resume", ` +
    `or where its checkpoint is gone with "${anew}", and the flags that it began with; then ask again`
  );
}
