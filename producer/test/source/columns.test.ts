import { describe, expect, it } from 'vitest';
import { type ColumnWish, columnWishes } from '../../src/source/columns.ts';

describe('--columns names columns', () => {
  it.each<[string, ColumnWish[]]>([
    ['name', [{ name: 'name' }]],
    ['name,email', [{ name: 'name' }, { name: 'email' }]],
    [' name , e mail ', [{ name: 'name' }, { name: 'e mail' }]],
    [
      'name=3,email=1',
      [
        { name: 'name', from: 3 },
        { name: 'email', from: 1 },
      ],
    ],
    ['name=Full Name', [{ name: 'name', from: 'Full Name' }]],
    ['name = "Full Name" , email', [{ name: 'name', from: 'Full Name' }, { name: 'email' }]],
    ['name="Last, first",b', [{ name: 'name', from: 'Last, first' }, { name: 'b' }]],
    ['name="Full ""Name"""', [{ name: 'name', from: 'Full "Name"' }]],
    ['"a,b"="c=d"', [{ name: 'a,b', from: 'c=d' }]],
    ['year="2024"', [{ name: 'year', from: '2024' }]],
    // as some programs write the column of row numbers
    ['id="",b', [{ name: 'id', from: '' }, { name: 'b' }]],
    ['Größe,日本', [{ name: 'Größe' }, { name: '日本' }]],
  ])('%s', (text, wishes) => {
    expect(columnWishes(text)).toEqual(wishes);
  });
});

describe('--columns refuses', () => {
  it.each<[string, RegExp]>([
    ['', /It must be as in name,email="E-mail address",city=3/],
    ['a,', /It must be as in/],
    [',a', /It must be as in/],
    ['a,,b', /It must be as in/],
    ['a="b', /It must be as in/],
    ['a="b"c', /It must be as in/],
    ['a"b', /It must be as in/],
    ['""', /It must be as in/],
    ['=3', /It must be as in/],
    ['a=', /It must be as in/],
    ['a=,b', /It must be as in/],
    ['a=0', /There is no column 0: they count from 1/],
    ['a=10001', /There is no column 10001/],
    ['a,b,a', /"a" is there twice/],
  ])('"%s"', (text, message) => {
    expect(() => columnWishes(text)).toThrow(message);
  });
});
