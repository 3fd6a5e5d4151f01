/** What the lines of a text end with, the most frequent first, in words. */
export function lineEndsIn(head: Buffer): string {
  const counts = new Map<string, number>();
  for (const [lineEnd] of head.toString('latin1').matchAll(/\r\n|\n|\r/g)) {
    const name = NAMES[lineEnd] ?? '';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a).map(([name]) => name);
  return sorted.length > 0 ? sorted.join(' and ') : 'nothing';
}

const NAMES: Record<string, string> = { '\n': 'LF', '\r\n': 'CRLF', '\r': 'CR' };
