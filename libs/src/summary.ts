/** Columns that a log on a terminal has in front of a message: `[12:34:56] INFO: `. */
const PREFIX = 17;

/**
 * What came of some work, as a message of the log: on one line, or, on a terminal that is too narrow
 * for that, on one for each part.
 *
 * @param width columns of the terminal; undefined where there is none.
 */
export function summary(outcome: string, parts: readonly string[], width = Infinity): string {
  const line = `${outcome}: ${parts.join(', ')}`;
  return PREFIX + line.length <= width ? line : [outcome, ...parts].join('\n  ');
}
