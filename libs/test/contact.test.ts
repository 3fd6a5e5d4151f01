import { describe, expect, it } from 'vitest';
import { contactProblem, isEmail } from '../src/contact.ts';

const label63 = 'a'.repeat(63);

describe('the email grammar', () => {
  it.each([
    'Hunter_Maggio@edgardo.com',
    'lala@com',
    'a@b',
    'first.last+tag@sub.example.co.uk',
    "!#$%&'*+/=?^_`{|}~-@example.com",
    '.leading.dot@example.com',
    'double..dot@example.com',
    '1@2.3',
    'a@xn--bcher-kva.example',
    'a@hy-phen.example',
    `a@${label63}.com`,
    `${'a'.repeat(242)}@example.com`,
  ])('accepts %s', (email) => {
    expect(isEmail(email)).toBe(true);
  });

  it.each([
    '',
    'emz',
    '@dd.com',
    'em@',
    '@',
    'a@b@c',
    'a b@example.com',
    ' a@example.com',
    'a@example.com ',
    'a@example.com\n',
    'a@-example.com',
    'a@example-.com',
    'a@.com',
    'a@example..com',
    'a@example.com.',
    'a@exam_ple.com',
    'a@[127.0.0.1]',
    '"quoted"@example.com',
    'a,b@example.com',
    'ü@example.com',
    'a@bücher.example',
    'a\0@example.com',
    `a@${label63}a.com`,
    `${'a'.repeat(243)}@example.com`,
  ])('refuses %j', (email) => {
    expect(isEmail(email)).toBe(false);
  });
});

describe('a contact', () => {
  it.each([
    ['Ada', 'ada@example.com', undefined],
    [' ', 'ada@example.com', undefined],
    ['', 'ada@example.com', { reason: 'the name is empty' }],
    ['A\0da', 'ada@example.com', { reason: 'the name contains a NUL character' }],
    ['Ada', '', { reason: 'the email is empty' }],
    ['Ada', 'emz', { reason: 'the email is not valid', value: 'emz' }],
    ['Ada', `${'a'.repeat(300)}@b.c`, { reason: 'the email is longer than 254 characters' }],
  ])('named %j with the email %j has the problem %j', (name, email, problem) => {
    expect(contactProblem(name, email)).toEqual(problem);
  });
});
