import { isUtf8 } from 'node:buffer';
import { COMMA, CR, LF, QUOTE } from '@csv2db/libs/csv/bounds.ts';
import { isCsv } from '@csv2db/libs/message.ts';
import type { Delivery, Row } from '../batch.ts';
import { hash } from './seen.ts';
import { orderOf } from './sort.ts';

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

/** The rows of plain bodies, which are numbered from 0, and stay bytes. */
export class Lines {
  readonly #bytes: Buffer;
  /** Where each body begins in the bytes, and the number of its first line. */
  readonly #bodies: { delivery: Delivery; begin: number; firstLine: number }[] = [];
  /** For each line the offsets of its name, of its email, and of its line feed. */
  readonly #names: number[] = [];
  readonly #emails: number[] = [];
  readonly #ends: number[] = [];
  /** The hash of each line's email. */
  readonly #hashes: number[] = [];

  /**
   * @param deliveries whose bodies are plain.
   * @returns undefined when a line has not two fields.
   */
  static of(deliveries: readonly Delivery[]): Lines | undefined {
    const lines = new Lines(Buffer.concat(deliveries.map(({ content }) => content)));
    return deliveries.every((delivery) => lines.#add(delivery)) ? lines : undefined;
  }

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Notes the lines of the next body. @returns false when one has not two fields. */
  #add(delivery: Delivery): boolean {
    const from = (this.#ends.at(-1) ?? -1) + 1;
    this.#bodies.push({ delivery, begin: from, firstLine: this.#ends.length });
    return this.#scan(from, from + delivery.content.length);
  }

  #scan(from: number, to: number): boolean {
    let [name, email] = [from, from];
    for (let at = from; at < to; at += 1) {
      const byte = this.#bytes[at];
      if (byte === COMMA) {
        if (email > name) return false;
        email = at + 1;
      } else if (byte === LF) {
        if (email <= name) return false;
        this.#names.push(name);
        this.#emails.push(email);
        this.#ends.push(at);
        this.#hashes.push(hash(this.#bytes, email, at));
        [name, email] = [at + 1, at + 1];
      }
    }
    return true;
  }

  /** The numbers of the lines, by their emails. */
  byEmail(): number[] {
    return [...orderOf(this.#bytes, this.#emails, this.#ends)];
  }

  /** The hash of a line's email. */
  hashOf(line: number): number {
    return this.#hashes[line] ?? 0;
  }

  /** Lines, one behind the other, each with its line feed. */
  textOf(lines: readonly number[]): Buffer {
    const text = Buffer.allocUnsafe(this.#bytes.length);
    let length = 0;
    for (const line of lines) {
      length += this.#bytes.copy(text, length, this.#names[line], (this.#ends[line] ?? 0) + 1);
    }
    return text.subarray(0, length);
  }

  /** The row that a line is. */
  rowOf(line: number): Row {
    const [name, email, end] = [this.#names[line], this.#emails[line], this.#ends[line]];
    const body = this.#bodyOf(line);
    if (!body || name === undefined || email === undefined) throw new Error(`no line ${line}`);
    const isAlone =
      name === body.begin && (end ?? 0) + 1 === body.begin + body.delivery.content.length;
    return {
      contact: {
        name: this.#bytes.toString('utf8', name, email - 1),
        email: this.#bytes.toString('utf8', email, end),
      },
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
