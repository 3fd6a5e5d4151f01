import { describe, expect, it } from 'vitest';
import {
  CONTACT_COLUMNS,
  decodeBody,
  decodeContact,
  toJson,
  UndecodableError,
} from '../src/message.ts';

/** The one contact of a body. */
function decode(body: string) {
  const value = decodeBody(Buffer.from(body));
  return decodeContact(Array.isArray(value) ? value[0] : value);
}

describe('a message body', () => {
  it.each([
    [
      { name: 'Tate Hermiston', email: 'Hunter_Maggio@edgardo.com' },
      '{"name":"Tate Hermiston","email":"Hunter_Maggio@edgardo.com"}',
    ],
    [{ name: 'A "B" \\ C\n', email: 'a@b' }, '{"name":"A \\"B\\" \\\\ C\\n","email":"a@b"}'],
    [{ name: 'Zoë 🦊', email: 'z@b' }, '{"name":"Zoë 🦊","email":"z@b"}'],
  ])('of %j is exactly %s, and decodes to the same', (contact, body) => {
    expect(toJson(CONTACT_COLUMNS, [contact.name, contact.email])).toBe(body);
    expect(decode(body)).toEqual(contact);
  });

  it('may have members that nobody knows', () => {
    expect(decode('{"x":1,"email":"a@b","name":"A"}')).toMatchObject({ name: 'A', email: 'a@b' });
  });

  it.each([
    ['', /not JSON/],
    ['{"name":"A"', /not JSON/],
    ['null', /not a JSON object/],
    ['"text"', /not a JSON object/],
    ['[]', /empty array/],
    ['[[]]', /not a JSON object/],
    ['{"email":"a@b"}', /no "name" string/],
    ['{"name":7,"email":"a@b"}', /no "name" string/],
    ['{"name":"A"}', /no "email" string/],
    ['{"name":"A","email":null}', /no "email" string/],
    ['{"__proto__":{"name":"A","email":"a@b"}}', /no "name" string/],
    ['{"name":"half \\ud83d","email":"a@b"}', /the name contains half a surrogate pair/],
    ['{"name":"A","email":"\\udd8a@b"}', /the email contains half a surrogate pair/],
    ['\ufeff{"name":"A","email":"a@b"}', /not JSON/],
  ])('%j is refused', (body, reason) => {
    expect(() => decode(body)).toThrow(UndecodableError);
    expect(() => decode(body)).toThrow(reason);
  });

  it('has the last of two members of one name', () => {
    expect(decode('{"name":"A","email":"a@b","email":"c@d"}')).toMatchObject({ email: 'c@d' });
  });

  it('that is not UTF-8 is refused', () => {
    const latin1 = Buffer.from('{"name":"Zoë","email":"a@b"}', 'latin1');
    expect(() => decodeBody(latin1)).toThrow(/not UTF-8/);
  });
});
