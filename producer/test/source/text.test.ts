import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { appendFile, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSource } from '../../src/source/open.ts';
import { openText, type Text, type TextOptions } from '../../src/source/text.ts';
import { wholeFile } from '../../src/source/whole.ts';
import { gathered } from './blocks.ts';
import { recorder } from './recorder.ts';

const ROWS = Array.from({ length: 10_000 }, (_, n) => `Zoë ${n},zoe${n}@example.org\n`).join('');
const UTF8 = Buffer.from(ROWS);
const MARK = '\ufeff';

let folder: string;
let texts: Text[];
let stop: AbortController;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
  texts = [];
  stop = new AbortController();
});

afterEach(async () => {
  for (const text of texts) await text.close();
  await rm(folder, { recursive: true });
});

async function textOf(name: string, options: Partial<TextOptions> = {}) {
  const { log, lines } = recorder();
  const source = await openSource(name);
  const text = await openText(
    source,
    { encoding: 'auto', blockSize: 8 * 1024, ...options },
    stop.signal,
    log,
  );
  texts.push(text);
  return { text, source, log, lines };
}

async function fileOf(bytes: Buffer | string): Promise<string> {
  const name = join(folder, 'rows.csv');
  await writeFile(name, bytes);
  return name;
}

async function pipe(): Promise<string> {
  const name = join(folder, 'pipe');
  await promisify(execFile)('mkfifo', [name]);
  return name;
}

const FILES: [string, Buffer, string | undefined][] = [
  ['UTF-8', UTF8, undefined],
  ['UTF-8 with a mark', Buffer.from(MARK + ROWS), undefined],
  ['UTF-16LE', Buffer.from(ROWS, 'utf16le'), 'utf-16le'],
  ['UTF-16BE with a mark', Buffer.from(MARK + ROWS, 'utf16le').swap16(), 'utf-16be'],
  ['gzip', gzipSync(ROWS), 'gzip'],
  ['brotli', brotliCompressSync(ROWS), 'brotli'],
  ['UTF-16LE with a mark in gzip', gzipSync(Buffer.from(MARK + ROWS, 'utf16le')), 'gzip, utf-16le'],
];

describe.each(FILES)('the text of a file of %s', (_, bytes, said) => {
  it('is the same from anywhere on, and its head is what it begins with', async () => {
    const name = await fileOf(bytes);
    const { text, lines } = await textOf(name);
    expect(text.head.bytes.equals(UTF8.subarray(0, 64 * 1024))).toBe(true);
    for (const from of [0, 1, 100_000, UTF8.length - 1, UTF8.length]) {
      expect((await gathered(text.read(from))).equals(UTF8.subarray(from))).toBe(true);
    }
    expect(lines).toEqual(said === undefined ? [] : [`reading ${name}: ${said}`]);
  });

  it('is read whole from a pipe, too', async () => {
    const name = await pipe();
    createWriteStream(name).end(bytes);
    const { text } = await textOf(name);
    expect(text.head.bytes.length).toBeGreaterThan(30);
    expect(UTF8.subarray(0, text.head.bytes.length).equals(text.head.bytes)).toBe(true);
    expect((await gathered(text.read(0))).equals(UTF8)).toBe(true);
  });
});

describe('the text of a file', () => {
  it('is in the encoding that is asked for', async () => {
    const name = await fileOf(Buffer.from('Zo\xeb \x80,zoe@example.org', 'latin1'));
    const { text, lines } = await textOf(name, { encoding: 'windows-1252' });
    expect((await gathered(text.read(0))).toString()).toBe('Zoë €,zoe@example.org');
    expect(lines).toEqual([`reading ${name}: windows-1252`]);
  });

  it.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['a mark alone', Buffer.from(MARK)],
    ['nothing, in gzip', gzipSync('')],
  ])('is empty where it has %s', async (_, bytes) => {
    const { text } = await textOf(await fileOf(bytes));
    expect(text.head.bytes).toHaveLength(0);
    expect(await gathered(text.read(0))).toHaveLength(0);
  });

  it.each<[string, Buffer, RegExp]>([
    [
      'gzip in gzip',
      gzipSync(gzipSync(ROWS)),
      /is compressed twice, with gzip and with gzip: unpack/,
    ],
    ['a workbook in gzip', gzipSync('PK\u0003\u0004…'), /is a ZIP archive or an Excel workbook/],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), /is compressed with xz: .*"xzcat"/],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), /is UTF-32 text: convert it/],
    ['NUL alone', Buffer.alloc(5_000_000), /is no text, it is filled with NUL/],
    ['NUL alone, in gzip', gzipSync(Buffer.alloc(5_000_000)), /is no text, it is filled with NUL/],
  ])('is refused where it is %s', async (_, bytes, message) => {
    const name = await fileOf(bytes);
    await expect(textOf(name)).rejects.toThrow(message);
    await expect(textOf(name)).rejects.toThrow(/^--file \S+\/rows.csv is [^\n]+$/);
  });

  it('refuses /dev/zero', async () => {
    await expect(textOf('/dev/zero')).rejects.toThrow(/^--file \/dev\/zero is no text/);
  });

  it('ends with an error where it is damaged behind its head', async () => {
    const whole = gzipSync(randomBytes(500_000).toString('hex'));
    const { text } = await textOf(await fileOf(whole.subarray(0, -1000)));
    expect(text.head.bytes).toHaveLength(64 * 1024);
    await expect(gathered(text.read(0))).rejects.toThrow(
      /rows.csv is cut off, its gzip data has no end/,
    );
  });

  it.each([UTF8, gzipSync(ROWS)])('tells that its file grew while it was read', async (bytes) => {
    const name = await fileOf(bytes);
    const { text, source, log, lines } = await textOf(name);
    const reading = wholeFile(text.read(0), source, log);
    await reading.next();
    await appendFile(name, gzipSync(''));
    await gathered(reading);
    expect(lines.at(-1)).toMatch(/rows.csv grew from \d+ to \d+ bytes while it was read/);
  });
});

describe('a pipe', () => {
  it('needs no more than a line to be looked at', async () => {
    const name = await pipe();
    const writer = await open(name, 'r+');
    await writer.write('Jo,jo@example.org\nJi,ji@exam');
    const { text } = await textOf(name);
    expect(text.head.bytes.toString()).toBe('Jo,jo@example.org\nJi,ji@exam');
    await writer.close();
    expect((await gathered(text.read(0))).toString()).toBe('Jo,jo@example.org\nJi,ji@exam');
  });

  it('that stalls in the middle of gzip is left when the signal is aborted', async () => {
    const name = await pipe();
    const writer = await open(name, 'r+');
    await writer.write(gzipSync(randomBytes(20_000).toString('hex') + ROWS).subarray(0, 30_000));
    const reading = textOf(name).then(({ text }) => gathered(text.read(0)));
    setImmediate(() => stop.abort());
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    await writer.close();
  });

  it('that is closed before it was read lets its writer go', async () => {
    const name = await pipe();
    const writer = spawn('sh', ['-c', `yes Jo,jo@example.org > ${name}`]);
    const { text } = await textOf(name);
    const gone = new Promise((resolve) =>
      writer.once('exit', (code, signal) => resolve([code, signal])),
    );
    await text.close();
    await gone;
  });

  it('whose writer dies in the middle of gzip is an error', async () => {
    const name = await pipe();
    createWriteStream(name).end(
      gzipSync(randomBytes(200_000).toString('hex')).subarray(0, 100_000),
    );
    const read = async () => gathered((await textOf(name)).text.read(0));
    await expect(read()).rejects.toThrow(/pipe is cut off, its gzip data has no end: get it anew$/);
  });
});
