import { describe, expect, it } from 'vitest';
import { columnWishes } from '../../src/source/columns.ts';
import { findColumns, type HeaderWish, listed, seemsHeader } from '../../src/source/header.ts';

const find = (first: string[] | undefined, columns: string, header: HeaderWish = 'auto') =>
  findColumns(first, columnWishes(columns), header, 'FILE');

describe('a first row is a header', () => {
  it.each<[string, string[], string, number[]]>([
    ['has the names', ['name', 'email'], 'name,email', [0, 1]],
    ['has them in another order', ['email', 'name'], 'name,email', [1, 0]],
    ['has them in another case', ['EMAIL', 'Name'], 'name,email', [1, 0]],
    ['has space around them', [' name\u00a0', '\temail '], 'name,email', [0, 1]],
    ['has others, too', ['id', 'email', 'age', 'name', ''], 'name,email', [3, 1]],
    ['has one only that differs in case', ['Name', 'name', 'email'], 'name,email', [1, 2]],
    ['has what is asked for', ['Full Name', 'E-Mail'], 'name="full name",email="e-mail"', [0, 1]],
    ['has a name at its place', ['id', 'name'], 'name=2', [1]],
    ['has what several columns are', ['a', 'b'], 'x=a,y=a', [0, 0]],
  ])('where it %s', (_, first, columns, places) => {
    const width = first.length;
    expect(find(first, columns)).toEqual({ hasHeader: true, width, places });
  });

  it('where the user says so, and names places', () => {
    const found = find(['A', 'B', 'C'], 'x=3,y=1', 'yes');
    expect(found).toEqual({ hasHeader: true, width: 3, places: [2, 0] });
  });
});

describe('a first row is data', () => {
  it.each<[string, string[], string]>([
    ['lacks a name', ['name', 'mail'], 'name,email'],
    ['has them inside others', ['my name', 'email address'], 'name,email'],
    ['has other names at the places', ['Name', 'Mail'], 'email=1,name=2'],
  ])('where it %s', (_, first, columns) => {
    expect(find(first, columns)).toMatchObject({ hasHeader: false, width: 2 });
  });

  it('where the user says so', () => {
    const found = find(['name', 'email'], 'name,email', 'no');
    expect(found).toEqual({ hasHeader: false, width: 2, places: [0, 1] });
  });

  it('of as many fields as it has, where places are named, and else of those that are sent', () => {
    expect(find(['1', 'a@b', 'Jo'], 'name=3,email=2')).toMatchObject({ width: 3, places: [2, 1] });
    expect(find(['1', 'a@b', 'Jo'], 'name,email')).toMatchObject({ width: 2, places: [0, 1] });
  });

  it('or there is none, in an empty file', () => {
    expect(find(undefined, 'name=3,email=2', 'yes')).toMatchObject({ places: [2, 1] });
  });
});

describe('columns are refused', () => {
  it.each<[string, string[], string, HeaderWish, string]>([
    ['that the header lacks', ['a', 'b'], 'c', 'yes', 'has no column "c", it has "a", "b"'],
    ['that it has twice', ['a', 'A '], 'x=" a "', 'yes', ''],
    [
      'that it has twice in the same case',
      ['a', 'a'],
      'a',
      'auto',
      'the header of FILE has the column "a" 2 times, it has "a", "a": name the one to take with --columns, as in a="…" or a=3',
    ],
    ['behind the last one', ['a', 'b'], 'x=3', 'yes', 'has 2 columns: "a", "b"'],
    ['by a title without a header', ['1', '2'], 'x="a"', 'no', 'has no header with that name'],
  ])('%s', (_, first, columns, header, message) => {
    if (message === '') expect(find(first, columns, header).places).toEqual([0]);
    else expect(() => find(first, columns, header)).toThrow(message);
  });
});

it('a first row that has some names seems to be a header', () => {
  const wishes = columnWishes('name,email');
  for (const first of [
    ['Name', 'x'],
    ['who', 'E-Mail'],
    ['who', 'email address'],
  ]) {
    expect(seemsHeader(first, wishes), first.join()).toBe(true);
  }
  for (const first of [['Jo', 'jo@b'], ['Jo', 'email@b'], ['Emailia', 'x'], []]) {
    expect(seemsHeader(first, wishes), first.join()).toBe(false);
  }
});

it('of very many names a message has 30', () => {
  const names = Array.from({ length: 32 }, (_, n) => ` ${n}`);
  expect(listed(names)).toMatch(/^"0", "1", .*"29" and 2 more$/);
});
