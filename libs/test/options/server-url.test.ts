import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FatalError } from '../../src/errors.ts';
import { parseServerUrl, withoutPasswords } from '../../src/options/server-url.ts';

const KIND = {
  flag: '--queue-url',
  schemes: ['amqp', 'amqps'],
  example: 'amqps://…',
  parameters: ['cacertfile'],
};

it('a URL has its parts, decoded, and undefined for those that it leaves out', () => {
  expect(parseServerUrl('amqps://a%40b:p%3A%2F%25@host:1/v%2Fh?cacertfile=/a%20b+c', KIND)).toEqual(
    {
      scheme: 'amqps',
      user: 'a@b',
      password: 'p:/%',
      host: 'host',
      port: 1,
      path: 'v/h',
      parameters: new Map([['cacertfile', '/a b+c']]),
    },
  );
  expect(parseServerUrl('amqp://[::1]', KIND)).toEqual({
    scheme: 'amqp',
    user: undefined,
    password: undefined,
    host: '::1',
    port: undefined,
    path: undefined,
    parameters: new Map(),
  });
});

it('every password comes out of a URL as it went in', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (password) => {
      const url = `amqp://ann:${encodeURIComponent(password)}@host/`;
      expect(parseServerUrl(url, KIND).password).toBe(password);
    }),
  );
});

it('what need not be encoded may stand as it is', () => {
  for (const password of ['p@ss', 'p:ss', 'p ß', 'a,b', "it's"]) {
    expect(parseServerUrl(`amqp://ann:${password}@host`, KIND).password).toBe(password);
  }
});

describe('a URL is refused, and no part of it told, that', () => {
  it.each([
    ['has a slash in its password', 'amqp://ann:12/secret@host'],
    ['has a number sign in its password', 'amqp://ann:12#secret@host'],
    ['has a question mark in its password', 'amqp://ann:12?secret@host'],
    ['has a percent sign in its password', 'amqp://ann:%secret@host'],
    ['is of another kind', 'http://ann:secret@host'],
    ['is none', 'ann:secret@host'],
    ['has a port that is none', 'amqp://ann:secret@host:99999'],
  ])('%s', (_, url) => {
    expect(() => parseServerUrl(url, KIND)).toThrow(FatalError);
    expect(() => parseServerUrl(url, KIND)).toThrow(/^--queue-url [^\n]*$/);
    expect(() => parseServerUrl(url, KIND)).not.toThrow(/secret/);
  });

  it('has a parameter that is not known', () => {
    const message = /has a parameter "heartbeat": it may have cacertfile/;
    expect(() => parseServerUrl('amqp://host?heartbeat=1', KIND)).toThrow(message);
  });
});

it('the password of a URL is left out of a text', () => {
  const text = "value 'amqp://ann:s:3'@cr @t@host:1/v' is no postgres://host:1/x";
  const left = "value 'amqp://ann:…@host:1/v' is no postgres://host:1/x";
  expect(withoutPasswords(text)).toBe(left);
  expect(withoutPasswords(left)).toBe(left);
});
