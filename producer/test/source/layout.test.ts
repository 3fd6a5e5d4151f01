import { describe, expect, it } from 'vitest';
import { columnWishes } from '../../src/source/columns.ts';
import { findLayout, type LayoutWishes } from '../../src/source/layout.ts';

function layoutOf(
  text: string | Buffer,
  columns = 'name,email',
  wishes: Partial<LayoutWishes> = {},
) {
  return findLayout(
    { bytes: Buffer.from(text), isWhole: true },
    {
      columns: columnWishes(columns),
      header: 'auto',
      delimiter: undefined,
      quote: '"',
      ...wishes,
    },
    'FILE',
  );
}

describe('the delimiter that is found', () => {
  it.each<[string, string, string, string?]>([
    ['is a comma where nothing tells', '', ','],
    ['is a comma where each row is one field', 'Jo\nJi\n', ','],
    ['is by what emails are told apart', 'Jo;jo@b\nJi;ji@b\n', ';'],
    ['is that, also where names have commas', 'Doe, Jo;jo@b\nDoe, Ji;ji@b\n', ';'],
    ['is that, also where names have bars', 'Jo|Doe;jo@b\nJi|Doe;ji@b\n', ';'],
    ['is that, also where most rows are bad', 'Jo\tjo@b\nbad\nworse\nx,y\n', '\t'],
    ['is that of a header, whatever is below', 'name;email\na,b\nc,d\n', ';'],
    ['is that of a header in any order', 'x\temail\tname\n1,5\t2,5\t3,5\n', '\t'],
    ['is that of a header with quotes', '"a,b";"name";"email"\n', ';', 'name,email'],
    ['is what makes rows alike', '1;2,5\n3;4,5\n5;6\n', ';', 'a,b'],
    ['is what makes rows of the width that is wanted', '1,2,3;4\n5,6,7;8\n', ';', 'a,b'],
    ['is not what stands in quotes', '"a;b","c;d"\n"e;f","g;h"\n', ',', 'a,b'],
    ['is found where some rows are broken', 'Jo;jo@b\nJ"i;ji@b\nJa;ja@b\n', ';'],
  ])('%s', (_, text, delimiter, columns = 'name,email') => {
    expect(layoutOf(text, columns).dialect.delimiter).toBe(delimiter);
  });
});

describe('the rows of a file begin', () => {
  it.each<[string, string, { bytes: number; lines: number }]>([
    ['behind a header', 'name,email\nJo,jo@b\n', { bytes: 11, lines: 1 }],
    ['behind one that ends with CRLF', 'name,email\r\nJo,jo@b\r\n', { bytes: 12, lines: 1 }],
    ['behind one that ends with CR', 'name,email\rJo,jo@b\r', { bytes: 11, lines: 1 }],
    ['behind blank lines around it', '\n\nname,email\n\nJo,jo@b\n', { bytes: 14, lines: 4 }],
    ['behind one of two lines', '"na""\n",name,email\n1,2,3\n', { bytes: 19, lines: 2 }],
    ['at its end, when it is all', 'name,email', { bytes: 10, lines: 0 }],
    ['at its start without one', 'Jo,jo@b\n', { bytes: 0, lines: 0 }],
  ])('%s', (_, text, begin) => {
    expect(layoutOf(text).begin).toEqual(begin);
  });
});

describe('what is said of a file', () => {
  it('is nothing where it is as in the original', () => {
    expect(layoutOf('Jo,jo@b\n')).toMatchObject({ notes: [], warning: undefined });
  });

  it('is what was found out', () => {
    expect(layoutOf('id;Email;name;x\n').notes).toEqual([
      'FILE is separated by semicolons',
      'the first line of FILE is a header',
      'left out are 2 columns of FILE: "id", "x"',
    ]);
    expect(layoutOf('1,a@b,Jo\n', 'name=3,email=2').notes).toEqual([
      'left out are 1 column of FILE: "column 1"',
    ]);
  });

  it('is that its first line seems to be a header, unless the user said what it is', () => {
    const text = 'Who,E-Mail\nJo,jo@b\n';
    expect(layoutOf(text).warning).toBe(
      'the first line of FILE seems to be a header, and is taken for a row: say with --columns which of "Who", "E-Mail" is which, as in email="E-mail"',
    );
    expect(layoutOf(text, 'name,email', { header: 'no' }).warning).toBeUndefined();
  });
});

it('columns without a header have the names that are known', () => {
  expect(layoutOf('1,2,3\n', 'b=3,a=1').names).toEqual(['a', 'column 2', 'b']);
});
