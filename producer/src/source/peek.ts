/** The most bytes of a head. */
export const HEAD = 64 * 1024;

/** No signature of a format is longer. */
const SIGNATURE = 4;

/** Bytes whose first ones are known. */
export interface Peeked {
  /** The first 64 KiB; less of a pipe, which may send more only much later, but enough. */
  head: Buffer;
  /** Whether that is all. */
  isWhole: boolean;
  /** All of them; only once, where they can't be read again. */
  open(): AsyncIterable<Buffer>;
}

/**
 * Peeks at how something begins.
 *
 * @param open reads it from its start.
 * @param isRepeatable whether that can be done again.
 * @param isEnough whether a head tells what is wanted; default: when its first line is there.
 */
export async function peek(
  open: () => AsyncIterable<Buffer>,
  isRepeatable: boolean,
  isEnough: (head: Buffer) => boolean = hasLine,
): Promise<Peeked> {
  const iterator = open()[Symbol.asyncIterator]();
  let seen: Buffer = Buffer.alloc(0);
  let isWhole = false;
  while (seen.length < HEAD && (isRepeatable || !isEnough(seen))) {
    const next = await iterator.next();
    isWhole = next.done === true;
    if (next.done === true) break;
    seen = seen.length === 0 ? next.value : Buffer.concat([seen, next.value]);
  }
  const head = Buffer.from(seen.subarray(0, HEAD));
  if (!isRepeatable) return { head, isWhole, open: () => fromSeen(seen, iterator) };
  await iterator.return?.();
  return { head, isWhole, open };
}

async function* fromSeen(
  seen: Buffer,
  iterator: AsyncIterator<Buffer, unknown>,
): AsyncGenerator<Buffer> {
  if (seen.length > 0) yield seen;
  yield* { [Symbol.asyncIterator]: () => iterator };
}

/** Whether there is a line, with its end, and with the quotes in it closed: it may be a header. */
export function hasLine(head: Buffer): boolean {
  const text = head.toString('latin1');
  const [line] = /^(?:[^"\r\n]|"[^"]*")*(?:\n|\r[^])/.exec(text) ?? [];
  return head.length >= SIGNATURE && line !== undefined;
}
