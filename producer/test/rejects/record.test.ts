import { parseRows } from '@csv2db/libs/csv/rows.ts';
import { describe, expect, it } from 'vitest';
import { rejectRecord, rejectsHeader } from '../../src/rejects/record.ts';
import { columnWishes } from '../../src/source/columns.ts';
import type { Layout } from '../../src/source/layout.ts';
import { findLayout } from '../../src/source/layout.ts';

function layoutOf(first: string, delimiter = ',', quote: string | undefined = '"'): Layout {
  const wishes = { columns: columnWishes('name,email'), header: 'auto' as const, delimiter, quote };
  return findLayout({ bytes: Buffer.from(first), isWhole: true }, wishes, 'FILE');
}

const record = (raw: string | Buffer, layout: Layout, reason = 'it is bad'): string =>
  rejectRecord({ row: 7, reason, place: { line: 9, raw: Buffer.from(raw) } }, layout).toString(
    'latin1',
  );

const COMMAS = layoutOf('Jo,jo@b\n');

describe('a rejected row', () => {
  it.each<[string, string, string]>([
    ['as it was', 'Jo,bad', 'Jo,bad,9,it is bad\n'],
    ['with the quotes that it had', '"Jo" ,"b,ad"', '"""Jo"" ,""b,ad""",9,it is bad\n'],
    ['over several lines', '"J\no","b"', '"J\no","b",9,it is bad\n'],
    ['with too few fields', 'Jo', 'Jo,9,it is bad\n'],
    ['with too many', 'Jo,x,y', 'Jo,x,y,9,it is bad\n'],
    ['as one field, where a quote is not closed', 'Jo,"b', '"Jo,""b",9,it is bad\n'],
    ['as one field, where text follows a quote', '"J"o,b', '"""J""o,b",9,it is bad\n'],
    ['empty, when it was too long', '', ',9,it is bad\n'],
  ])('is written %s', (_, raw, line) => {
    expect(record(raw, COMMAS)).toBe(line);
  });

  it('has the bytes that it had, also where they are no characters', () => {
    expect(record(Buffer.from('Zo\xff,b', 'latin1'), COMMAS)).toBe('Zo\xff,b,9,it is bad\n');
  });

  it('has its reason in quotes where that has a delimiter, and with the value', () => {
    expect(record('x', COMMAS, '1 field, not "2"')).toBe('x,9,"1 field, not ""2"""\n');
    const place = { line: 1, raw: Buffer.from('a,b;c') };
    const reject = { row: 1, reason: 'no email', value: 'b;c', place };
    expect(rejectRecord(reject, COMMAS).toString()).toBe('a,b;c,1,no email: b;c\n');
  });

  it('has no line where that is not known', () => {
    expect(rejectRecord({ row: 1, reason: 'r' }, COMMAS).toString()).toBe(',,r\n');
  });

  it('is written in the dialect of its file', () => {
    const layout = layoutOf('name|email\n', '|', "'");
    expect(record("'a|b'|c", layout, "it's a|b")).toBe("'a|b'|c|9|'it''s a|b'\n");
    expect(record("a|b'c", layout)).toBe("'a|b''c'|9|it is bad\n");
  });

  it('is not changed by what would need quotes, where there are none', () => {
    const layout = { ...COMMAS, dialect: { delimiter: ',', quote: undefined } };
    expect(record('5" pipe,b', layout, 'a,b\nc')).toBe('5" pipe,b,9,a b c\n');
  });
});

describe('the header of rejected rows', () => {
  it('is that of their file, or the names of the columns', () => {
    expect(rejectsHeader(COMMAS, 'utf-8').toString()).toBe('name,email,line,reason\n');
    expect(rejectsHeader(layoutOf('"a;b";Name;Email\n', ';'), 'utf-8').toString()).toBe(
      '"a;b";Name;Email;line;reason\n',
    );
  });

  it('has a byte order mark where the file was in another encoding', () => {
    expect(rejectsHeader(COMMAS, 'latin1').toString()).toBe('\ufeffname,email,line,reason\n');
  });

  it('has other names for the line and the reason where the file has columns of these', () => {
    const layout = layoutOf('Line;name;email\n', ';');
    expect(rejectsHeader(layout, 'utf-8').toString()).toBe('Line;name;email;csv2db line;reason\n');
  });

  it('and a row that is mended are read as the file was', () => {
    const layout = layoutOf('email;x;name\n', ';');
    const text = Buffer.concat([
      rejectsHeader(layout, 'utf-8'),
      Buffer.from(record('a@b;"1;2";J', layout)),
    ]);
    const again = layoutOf(text.toString(), ';');
    const { rows } = parseRows(text, true, 1_000, { dialect: again.dialect });
    expect(again).toMatchObject({ hasHeader: true, width: 5, places: [2, 0] });
    expect(rows[1]).toEqual(['a@b', '1;2', 'J', '9', 'it is bad']);
  });
});
