import { isUtf8 } from 'node:buffer';
import { COMMA, CR, LF, QUOTE } from '@csv2db/libs/csv/bounds.ts';
import { isCsv } from '@csv2db/libs/message.ts';
import type { Delivery, Row } from '../batch.ts';
import type { Seen } from './seen.ts';

const BACKSLASH = 0x5c;

/**
 * Whether COPY, with a comma as its delimiter, reads a body as CSV is read, or refuses it: there is
 * no quote, which only CSV knows, no backslash, which only COPY does, and no carriage return, which
 * they take differently. Without the last line feed its last row would run into the next body.
 */
export function isPlain({ content, properties }: Delivery): boolean {
  return (
    isCsv(properties.contentType) &&
    content.at(-1) === LF &&
    !content.includes(QUOTE) &&
    !content.includes(BACKSLASH) &&
    !content.includes(CR) &&
    isUtf8(content)
  );
}

/** The rows of a plain body, in two parts. */
export interface Sifted {
  /** What lies between the rows whose emails are known. */
  unknown: Buffer[];
  known: Row[];
}

/**
 * Takes the rows out of a plain body whose emails are known. A line that has not two fields is
 * none of them, so that COPY refuses it.
 */
export function sift(delivery: Delivery, seen: Seen): Sifted {
  const { content } = delivery;
  const sifted: Sifted = { unknown: [], known: [] };
  const isOne = content.indexOf(LF) === content.length - 1;
  let [begin, index, from] = [0, 0, 0];
  let [comma, commas] = [0, 0];
  for (let at = 0; at < content.length; at += 1) {
    const byte = content[at];
    if (byte === COMMA) {
      comma = at;
      commas += 1;
    } else if (byte === LF) {
      if (commas === 1 && seen.add(content, comma + 1, at)) {
        if (begin > from) sifted.unknown.push(content.subarray(from, begin));
        const [name, email] = [
          content.toString('utf8', begin, comma),
          content.toString('utf8', comma + 1, at),
        ];
        sifted.known.push({
          contact: { name, email },
          delivery,
          index: isOne ? undefined : index,
        });
        from = at + 1;
      }
      begin = at + 1;
      commas = 0;
      index += 1;
    }
  }
  if (content.length > from) sifted.unknown.push(content.subarray(from));
  return sifted;
}
