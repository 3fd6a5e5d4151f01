import { printable } from '@csv2db/libs/visible.ts';

/** A text on one line, in which nothing is hidden. */
export function oneLine(text: string): string {
  return printable(text).replaceAll(/\s+/g, ' ');
}
