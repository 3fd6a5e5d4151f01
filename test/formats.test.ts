import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { workbench } from './workbench.ts';

const bench = workbench();

describe('a file of another format is one message, and status 1:', () => {
  const CSV = 'Zoë,zoe@example.org\nMax,max@example.org\n';
  const wide = Buffer.from(CSV, 'utf16le');

  it.each<[string, string | Buffer, RegExp]>([
    ['UTF-16 with a mark', Buffer.concat([Buffer.from([0xff, 0xfe]), wide]), /is UTF-16 text/],
    ['UTF-16 without one', wide, /is UTF-16 text: .*UTF-16LE/],
    ['UTF-16 of the other order', Buffer.from(wide).swap16(), /is UTF-16 text: .*UTF-16BE/],
    ['gzip', gzipSync(CSV), /is compressed with gzip: .*zcat/],
    ['an Excel workbook', Buffer.from('PK\u0003\u0004…'), /is a ZIP archive or an Excel workbook/],
    ['carriage returns alone', CSV.replaceAll('\n', '\r'), /carriage returns alone/],
    ['semicolons', CSV.replaceAll(',', ';'), /is separated by semicolons/],
    ['tabs', CSV.replaceAll(',', '\t'), /is separated by tabs/],
    ['semicolons and commas', 'Doe, Jo;jo@example.org\nLi;li@example.org\n', /semicolons/],
  ])('%s', async (_, content, message) => {
    const { status, stderr, messages } = await bench.produce([
      '--file',
      await bench.fileOf(content),
    ]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: --file [^\n]+\n$/);
    expect(messages).toEqual([expect.stringMatching(/^failed: 0 rows read/)]);
    expect(status).toBe(1);
  });

  it('a header line is said to be one', async () => {
    const { status, messages } = await bench.produce([
      '--file',
      await bench.fileOf(`"Name",Email\r\n${CSV}`),
    ]);
    expect(status).toBe(0);
    expect(messages[0]).toMatch(
      /^the first line of \S+ seems to be a header: it is taken for a row$/,
    );
  });
});
