import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { workbench } from './workbench.ts';

const bench = workbench();

const CSV = 'Zoë,zoe@example.org\nMax,max@example.org\n';
const WIDE = Buffer.from(CSV, 'utf16le');
const EMAILS = ['zoe@example.org', 'max@example.org'];

const BEGIN: unknown = expect.stringMatching(/^the import [0-9a-f-]{36} of \S+ begins$/);

describe('a file is imported, whatever it comes as:', () => {
  it.each<[string, string | Buffer, RegExp | undefined]>([
    ['UTF-8 with a byte order mark', `\ufeff${CSV}`, undefined],
    ['UTF-16 with a mark', Buffer.concat([Buffer.from([0xff, 0xfe]), WIDE]), /: utf-16le$/],
    ['UTF-16 without one', WIDE, /: utf-16le$/],
    ['UTF-16 of the other order', Buffer.from(WIDE).swap16(), /: utf-16be$/],
    ['gzip', gzipSync(CSV), /: gzip$/],
    ['brotli', brotliCompressSync(CSV), /: brotli$/],
    ['UTF-16 in gzip', gzipSync(WIDE), /: gzip, utf-16le$/],
    ['Windows line ends', CSV.replaceAll('\n', '\r\n'), undefined],
    ['carriage returns alone', CSV.replaceAll('\n', '\r'), undefined],
    ['blank lines between', CSV.replaceAll('\n', '\n\n\r\n'), undefined],
    ['semicolons', CSV.replaceAll(',', ';'), / is separated by semicolons$/],
    ['tabs', CSV.replaceAll(',', '\t'), / is separated by tabs$/],
    ['vertical bars', CSV.replaceAll(',', '|'), / is separated by vertical bars$/],
    ['semicolons and commas', 'Doe, Jo;zoe@example.org\nLi;max@example.org\n', /semicolons$/],
    ['a header', `Name,E-MAIL\n${CSV}`.replace('E-MAIL', 'EMAIL'), / is a header$/],
    [
      'a header of other columns, too',
      'Email;Id; name \nzoe@example.org;1;Zoë\nmax@example.org;2;M\n',
      /header$/,
    ],
  ])('%s', async (_, content, said) => {
    const file = await bench.fileOf(content);
    const { status, messages, output } = await bench.produce(['--file', file]);
    expect(status, output).toBe(0);
    expect((await bench.published()).map(([, email]) => email)).toEqual(EMAILS);
    if (said) expect(messages).toContainEqual(expect.stringMatching(said));
    else
      expect(messages).toEqual([
        BEGIN,
        expect.stringMatching(/^finished: 2 rows read, 2 published/),
      ]);
  });

  it('an empty one, which has no row', async () => {
    const { status, summary } = await bench.produce(['--file', await bench.fileOf('')]);
    expect(status).toBe(0);
    expect(summary).toMatchObject({ read: 0, published: 0 });
  });
});

describe('a file that is no text is one message, and status 1:', () => {
  it.each<[string, string | Buffer, RegExp]>([
    ['an Excel workbook', Buffer.from('PK\u0003\u0004…'), /is a ZIP archive or an Excel workbook/],
    ['bzip2', Buffer.from('BZh91AY&SY'), /bzcat/],
    ['gzip in gzip', gzipSync(gzipSync(CSV)), /compressed twice/],
    ['gzip that is cut off', gzipSync(CSV.repeat(100)).subarray(0, -20), /gzip/],
  ])('%s', async (_, content, message) => {
    const { status, stderr } = await bench.produce(['--file', await bench.fileOf(content)]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(status).toBe(1);
  });
});

describe('the columns of a file', () => {
  const TABLE = 'Full Name;E-Mail;City\nZoë;zoe@example.org;Köln\nMax;max@example.org;Bonn\n';
  const columnsOf = 'name="full name",email="E-Mail"';

  it('are found by the names of the header, and what is left out is said once', async () => {
    const file = await bench.fileOf(TABLE);
    const { status, messages } = await bench.produce(['--file', file, '--columns', columnsOf]);
    expect(status).toBe(0);
    expect(await bench.published()).toEqual([
      [1, 'zoe@example.org'],
      [2, 'max@example.org'],
    ]);
    expect(messages).toContain(`left out are 1 column of ${file}: "City"`);
  });

  it('are found by their places where there is no header', async () => {
    const file = await bench.fileOf('1,a@b,Ann\n2,c@d,Cid\n');
    const { status } = await bench.produce(['--file', file, '--columns', 'name=3,email=2']);
    expect(status).toBe(0);
    const bodies = (await bench.sandbox.take()).map(({ content }) => content.toString());
    expect(bodies.toSorted()).toEqual([
      '{"name":"Ann","email":"a@b"}',
      '{"name":"Cid","email":"c@d"}',
    ]);
  });

  it('may have any names, which the messages carry, and then no rules', async () => {
    const file = await bench.fileOf('id,note\n1,"a, b"\n2,\n');
    const columns = ['--columns', 'note,id'];
    await bench.produce(['--file', file, ...columns]);
    await bench.produce(['--file', file, ...columns, '--rows-per-message', '10']);
    const messages = await bench.sandbox.take();
    expect(messages.map(({ content }) => content.toString()).toSorted()).toEqual([
      '"a, b",1\n,2\n',
      '{"note":"a, b","id":"1"}',
      '{"note":null,"id":"2"}',
    ]);
    for (const { properties } of messages) {
      expect(properties.headers?.['x-csv2db-columns']).toBe('note,id');
    }
  });

  it.each<[string, string[], RegExp]>([
    [
      'that the header lacks',
      ['--header', 'yes'],
      /^error: the header of \S+ has no column "name", it has "Full Name", "E-Mail", "City": name the one/,
    ],
    [
      'that no header names',
      ['--columns', 'name="Surname",email'],
      /^error: --columns name="Surname": \S+ has no header with that name, its first row is "Full Name"/,
    ],
    [
      'behind the last one',
      ['--columns', 'name=1,email=9', '--header', 'no'],
      /^error: --columns email=9: the first row of \S+ has 3 columns: /,
    ],
  ])('are an error %s', async (_, args, message) => {
    const file = await bench.fileOf(TABLE);
    const { status, stderr } = await bench.produce(['--file', file, ...args]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(status).toBe(1);
  });

  it('are an error where the header names one twice', async () => {
    const file = await bench.fileOf('name,email,Email\nA,a@b,c@d\n');
    const { status, stderr } = await bench.produce([
      '--file',
      file,
      '--columns',
      'name,email="EMAIL"',
    ]);
    expect(stderr).toMatch(/^error: the header of \S+ has the column "EMAIL" 2 times, it has /);
    expect(status).toBe(1);
  });

  it('are asked for where a first row seems to be a header of others', async () => {
    const { messages } = await bench.produce(['--file', await bench.fileOf(`Who,E-mail\n${CSV}`)]);
    expect(messages[0]).toMatch(
      /^the first line of \S+ seems to be a header, and is taken for a row/,
    );
    expect(messages[1]).toEqual(BEGIN);
    expect(messages[2]).toMatch(/^row 1 \(line 1\) rejected/);
  });
});

describe('the fields of a file', () => {
  it('lose the white space around them with --trim', async () => {
    const file = await bench.fileOf(
      ' Zoë\u00a0, zoe@example.org\t\n\ufeffMax,\u2003max@example.org\n',
    );
    const { status } = await bench.produce(['--file', file, '--trim']);
    expect(status).toBe(0);
    expect((await bench.published()).map(([, email]) => email)).toEqual(EMAILS);
  });

  it('are NULL where they are the text of --null, in quotes or not', async () => {
    const file = await bench.fileOf('a,b,c\nN/A,,"N/A"\n');
    await bench.produce(['--file', file, '--columns', 'a,b,c', '--null', 'N/A']);
    const [message] = await bench.sandbox.take();
    expect(message?.content.toString()).toBe('{"a":null,"b":"","c":null}');
  });

  it.each<[string, string, string[]]>([
    ['another quote', "'Doe, Jo',zoe@example.org\n'O''Hara',max@example.org\n", ['--quote', "'"]],
    ['no quote', '5" pipe,zoe@example.org\n"x,max@example.org\n', ['--quote', 'none']],
    // the flag's own default was taken for a delimiter of no character
    ['auto', 'Jo;zoe@example.org\nJi;max@example.org\n', ['--delimiter', 'auto']],
    ['another delimiter', 'Jo^zoe@example.org\nJi^max@example.org\n', ['--delimiter', '^']],
  ])('are told apart with %s', async (_, content, args) => {
    const { status, output } = await bench.produce([
      '--file',
      await bench.fileOf(content),
      ...args,
    ]);
    expect(status, output).toBe(0);
    expect((await bench.published()).map(([, email]) => email)).toEqual(EMAILS);
  });

  it('are checked as contacts with --rules contact, and not with --rules none', async () => {
    const file = await bench.fileOf('name,email,age\nJo,no email,7\n');
    const args = ['--file', file, '--columns', 'name,email,age'];
    expect(await bench.produce(args)).toMatchObject({ status: 0 });
    expect(await bench.produce([...args, '--rules', 'contact'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/1 × the email is not valid/) as string,
    });
  });

  it('that are not of the encoding reject their rows, and the one that fits is named', async () => {
    const file = await bench.fileOf(
      Buffer.from('Zoë,zoe@example.org\nMüller,max@example.org\n', 'latin1'),
    );
    const { status, stderr } = await bench.produce(['--file', file]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/2 × the row is not valid UTF-8.*--encoding windows-1252/);
    expect(await bench.produce(['--file', file, '--encoding', 'windows-1252'])).toMatchObject({
      status: 0,
    });
    expect((await bench.published()).map(([, email]) => email)).toEqual(EMAILS);
  });
});
