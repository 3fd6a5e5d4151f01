import { isUtf8 } from 'node:buffer';
import { COMMA, CR, LF, QUOTE } from '@csv2db/libs/csv/bounds.ts';
import type { Delivery, Row } from '../batch.ts';
import type { Layout } from '../database/layout.ts';
import { finish, fold, START } from './seen.ts';
import { orderOf } from './sort.ts';

const BACKSLASH = 0x5c;
const COMMA_BYTE = Buffer.of(COMMA);

/** What lines are looked at for: the number of their fields, and which tell duplicates. */
export type LineLayout = Pick<Layout, 'key'> & { columns: readonly unknown[] };

/**
 * Whether COPY, with a comma as its delimiter, reads a body of CSV as CSV is read, or refuses it:
 * there is no quote, which only CSV knows, no backslash, which only COPY does, and no carriage
 * return, which they take differently. Without the last line feed its last row would run into the
 * next body. A blank line is no row of CSV; for COPY it is one where there is one column.
 */
export function isPlain({ content }: Delivery, columns: number): boolean {
  return (
    content.at(-1) === LF &&
    !content.includes(QUOTE) &&
    !content.includes(BACKSLASH) &&
    !content.includes(CR) &&
    (columns > 1 || (content[0] !== LF && !content.includes('\n\n'))) &&
    isUtf8(content)
  );
}

/** Parts of the lines: of each, where it begins and where it ends. */
interface Spans {
  begins: number[];
  ends: number[];
}

/** The rows of plain bodies, which are numbered from 0, and stay bytes. */
export class Lines {
  readonly #bytes: Buffer;
  /** Where each body begins in the bytes, and the number of its first line. */
  readonly #bodies: { delivery: Delivery; begin: number; firstLine: number }[] = [];
  /** The lines without their line feeds. */
  readonly #lines: Spans = { begins: [], ends: [] };
  /** The columns of the key; of whole rows, the lines. */
  readonly #keys: { place: number; spans: Spans }[];
  /** The hash of each line's key. */
  readonly #hashes: number[] = [];
  /** Where the fields of a line end. */
  readonly #fieldEnds: Int32Array;

  /**
   * @param deliveries whose bodies are plain.
   * @returns undefined when a line has another number of fields than the layout has columns.
   */
  static of(deliveries: readonly Delivery[], layout: LineLayout): Lines | undefined {
    const lines = new Lines(Buffer.concat(deliveries.map(({ content }) => content)), layout);
    return deliveries.every((delivery) => lines.#add(delivery)) ? lines : undefined;
  }

  private constructor(bytes: Buffer, { columns, key }: LineLayout) {
    this.#bytes = bytes;
    this.#fieldEnds = new Int32Array(columns.length);
    this.#keys = key.map((place) => ({ place, spans: { begins: [], ends: [] } }));
  }

  /** Notes the lines of the next body. @returns false when one has another number of fields. */
  #add(delivery: Delivery): boolean {
    const from = (this.#lines.ends.at(-1) ?? -1) + 1;
    this.#bodies.push({ delivery, begin: from, firstLine: this.#lines.ends.length });
    return this.#scan(from, from + delivery.content.length);
  }

  #scan(from: number, to: number): boolean {
    const bytes = this.#bytes;
    const fieldEnds = this.#fieldEnds;
    const last = fieldEnds.length - 1;
    let [begin, field] = [from, 0];
    for (let at = from; at < to; at += 1) {
      const byte = bytes[at];
      if (byte === COMMA) {
        if (field === last) return false;
        fieldEnds[field] = at;
        field += 1;
      } else if (byte === LF) {
        if (field < last) return false;
        fieldEnds[field] = at;
        this.#note(begin, at);
        [begin, field] = [at + 1, 0];
      }
    }
    return true;
  }

  /** Notes a line whose fields are known. */
  #note(begin: number, end: number): void {
    this.#lines.begins.push(begin);
    this.#lines.ends.push(end);
    let state = START;
    if (this.#keys.length === 0) state = fold(this.#bytes, begin, end, state);
    for (const [index, { place, spans }] of this.#keys.entries()) {
      const from = place === 0 ? begin : (this.#fieldEnds[place - 1] ?? 0) + 1;
      const to = this.#fieldEnds[place] ?? 0;
      spans.begins.push(from);
      spans.ends.push(to);
      if (index > 0) state = fold(COMMA_BYTE, 0, 1, state);
      state = fold(this.#bytes, from, to, state);
    }
    this.#hashes.push(finish(state));
  }

  /** The numbers of the lines, by their keys. */
  byKey(): number[] {
    if (this.#keys.length === 0) return [...orderOf(this.#bytes, this.#lines)];
    // the last column first: those that are the same in one before stay in its order
    let order: ReturnType<typeof orderOf> | undefined;
    for (const { spans } of this.#keys.toReversed()) order = orderOf(this.#bytes, spans, order);
    return [...(order ?? [])];
  }

  /** The hash of a line's key. */
  hashOf(line: number): number {
    return this.#hashes[line] ?? 0;
  }

  /** Whether a column of a line's key is NULL: then nothing is the same. */
  lacksKey(line: number): boolean {
    return this.#keys.some(({ spans }) => spans.begins[line] === spans.ends[line]);
  }

  /** Lines, one behind the other, each with its line feed. */
  textOf(lines: readonly number[]): Buffer {
    const { begins, ends } = this.#lines;
    const text = Buffer.allocUnsafe(this.#bytes.length);
    let length = 0;
    for (const line of lines) {
      length += this.#bytes.copy(text, length, begins[line], (ends[line] ?? 0) + 1);
    }
    return text.subarray(0, length);
  }

  /** The row that a line is. */
  rowOf(line: number): Row {
    const [begin, end] = [this.#lines.begins[line], this.#lines.ends[line]];
    const body = this.#bodyOf(line);
    if (!body || begin === undefined || end === undefined) throw new Error(`no line ${line}`);
    const isAlone = begin === body.begin && end + 1 === body.begin + body.delivery.content.length;
    const fields = this.#bytes.toString('utf8', begin, end).split(',');
    return {
      values: fields.map((field) => (field === '' ? null : field)),
      delivery: body.delivery,
      index: isAlone ? undefined : line - body.firstLine,
    };
  }

  /** The body that a line is in: the last one that begins at it or before. */
  #bodyOf(line: number) {
    let [from, to] = [0, this.#bodies.length];
    while (to - from > 1) {
      const middle = (from + to) >> 1;
      if ((this.#bodies[middle]?.firstLine ?? 0) <= line) from = middle;
      else to = middle;
    }
    return this.#bodies[from];
  }
}
