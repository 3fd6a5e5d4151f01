/** Fewest characters of a short id. */
const SHORTEST = 6;

/** The beginning of each id that tells it from the others. */
export function shortIds(ids: readonly string[]): Map<string, string> {
  const sorted = ids.toSorted();
  return new Map(
    sorted.map((id, place) => {
      const neighbours = [sorted[place - 1], sorted[place + 1]];
      const common = neighbours.map((other = '') => commonLength(id, other));
      return [id, id.slice(0, Math.max(SHORTEST, ...common.map((length) => length + 1)))];
    }),
  );
}

function commonLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}
