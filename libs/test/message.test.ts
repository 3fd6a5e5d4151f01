import { describe, expect, it } from 'vitest';
import { decodeContact, encodeContact, UndecodableError } from '../src/message.ts';

describe('a message body', () => {
  it.each([
    [
      { name: 'Tate Hermiston', email: 'Hunter_Maggio@edgardo.com' },
      '{"name":"Tate Hermiston","email":"Hunter_Maggio@edgardo.com"}',
    ],
    [{ name: 'A "B" \\ C\n', email: 'a@b' }, '{"name":"A \\"B\\" \\\\ C\\n","email":"a@b"}'],
    [{ name: 'Zoë 🦊', email: 'z@b' }, '{"name":"Zoë 🦊","email":"z@b"}'],
  ])('of %j is exactly %s, and decodes to the same', (contact, body) => {
    expect(encodeContact(contact)).toEqual(Buffer.from(body, 'utf8'));
    expect(decodeContact(Buffer.from(body))).toEqual(contact);
  });

  it('has its members in the wire order, whatever order they were given in', () => {
    expect(String(encodeContact({ email: 'a@b', name: 'A' }))).toBe('{"name":"A","email":"a@b"}');
  });

  it('may have members that nobody knows', () => {
    expect(decodeContact(Buffer.from('{"x":1,"email":"a@b","name":"A"}'))).toEqual({
      name: 'A',
      email: 'a@b',
    });
  });

  it.each([
    ['', /not JSON/],
    ['{"name":"A"', /not JSON/],
    ['null', /not a JSON object/],
    ['"text"', /not a JSON object/],
    ['[{"name":"A","email":"a@b"}]', /not a JSON object/],
    ['{"email":"a@b"}', /no "name" string/],
    ['{"name":7,"email":"a@b"}', /no "name" string/],
    ['{"name":"A"}', /no "email" string/],
    ['{"name":"A","email":null}', /no "email" string/],
  ])('%j is refused', (body, reason) => {
    expect(() => decodeContact(Buffer.from(body))).toThrow(UndecodableError);
    expect(() => decodeContact(Buffer.from(body))).toThrow(reason);
  });

  it('that is not UTF-8 is refused', () => {
    const latin1 = Buffer.from('{"name":"Zoë","email":"a@b"}', 'latin1');
    expect(() => decodeContact(latin1)).toThrow(/not UTF-8/);
  });
});
