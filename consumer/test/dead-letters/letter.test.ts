import type { Message } from 'amqplib';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/batch.ts';
import { reasonOf, toBareLetter, toLetters, toMessage } from '../../src/dead-letters/letter.ts';
import { delivery as deliveryOf } from '../deliveries.ts';

const PROPERTIES = {
  contentType: 'application/json',
  messageId: 'import-7',
  correlationId: 'c-1',
  timestamp: 1_700_000_000,
  headers: { 'x-csv2db-import': 'import', 'x-csv2db-row': 7, 'x-origin': ['a', { b: true }] },
};

function delivery(body: string, properties: Partial<Message['properties']> = PROPERTIES): Delivery {
  return deliveryOf(body, properties);
}

/** What is in the dead-letter queue once a letter was published. */
function delivered(sent: { body: Buffer; properties: Partial<Message['properties']> }): Delivery {
  return delivery(String(sent.body), sent.properties);
}

function letter(of: Delivery, refusal: object = {}) {
  const [only, ...others] = [
    ...toLetters([{ delivery: of, reason: 'because', ...refusal }], new Set()),
  ];
  expect(others).toEqual([]);
  if (!only) throw new Error('there is no letter');
  return only;
}

describe('a dead letter', () => {
  it.each([
    ['with headers and ids', PROPERTIES],
    ['without headers', { ...PROPERTIES, headers: undefined }],
    ['with nothing', {}],
    [
      'with headers of odd names',
      {
        headers: Object.fromEntries([
          ['__proto__', 1],
          ['', 2],
        ]),
      },
    ],
  ])('becomes the message that it was, one %s', (_, properties) => {
    const original = delivery('not json', properties);
    const { body, properties: restored } = toMessage(delivered(letter(original)));
    expect(body).toEqual(original.content);
    expect(restored).toEqual({
      ...original.properties,
      persistent: true,
      mandatory: true,
      headers: original.properties.headers ?? {},
    });
  });

  it('of a row among several becomes a message of that row, with its number', () => {
    const headers = { ...PROPERTIES.headers, 'x-csv2db-rows': 3 };
    const original = delivery('[{},{"x":1},{}]', { ...PROPERTIES, headers });
    const part = { index: 1, value: { x: 1 } };
    const { body, properties } = toMessage(delivered(letter(original, { part })));
    expect(String(body)).toBe('{"x":1}');
    expect(properties).toMatchObject({
      ...PROPERTIES,
      headers: { ...PROPERTIES.headers, 'x-csv2db-row': 8 },
    });
  });

  it('says why, when and after how many deliveries', () => {
    const headers = { 'x-delivery-count': 2, 'x-csv2db-sqlstate': 'stale' };
    const { properties } = letter(delivery('', { headers }));
    expect(properties.headers).toEqual({
      'x-csv2db-reason': 'because',
      'x-csv2db-time': expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
      'x-csv2db-attempts': 3,
    });
    const { properties: refused } = letter(delivery(''), { sqlstate: '22021' });
    expect(refused.headers).toMatchObject({ 'x-csv2db-sqlstate': '22021', 'x-csv2db-attempts': 1 });
  });

  it('has none of the headers that RabbitMQ sets or obeys, nor has the message it becomes', () => {
    const headers = {
      CC: ['csv2db'],
      'x-death': [],
      'x-first-death-reason': 'expired',
      'x-last-death-queue': 'q',
      'x-delivery-count': 1,
    };
    const sent = letter(delivery('', { headers, userId: 'other', expiration: '1000' }));
    expect(Object.keys(delivered(sent).properties.headers ?? {})).toEqual(
      expect.not.arrayContaining(Object.keys(headers)),
    );
    expect(sent.properties).not.toHaveProperty('userId');
    expect(sent.properties).not.toHaveProperty('expiration');
    const moved = delivery('', { headers: { ...headers, 'x-origin': 'o' } });
    expect(toMessage(moved).properties.headers).toEqual({ 'x-origin': 'o' });
  });

  it('has a reason of 1,000 characters at most', () => {
    const long = letter(delivery(''), { reason: 'x'.repeat(100_000) });
    expect(reasonOf(delivered(long))).toHaveLength(1_000);
  });

  it('without what could not be published keeps the columns, however many, that its row is of', () => {
    const columns = Array.from({ length: 1_000 }, (_, number) => `column ${number}`).join();
    const headers = { 'x-csv2db-columns': columns, 'x-origin': 'o'.repeat(70_000) };
    const bare = toBareLetter(letter(delivery('x', { headers })), 'too large');
    expect(bare.properties.headers).toMatchObject({ 'x-csv2db-columns': columns });
    expect(bare.properties.headers).not.toHaveProperty('x-origin');
  });

  it('without what could not be published keeps what says what happened', () => {
    const headers = { ...PROPERTIES.headers, trace: 'x'.repeat(70_000) };
    const bare = toBareLetter(letter(delivery('x', { headers })), 'too large');
    expect(String(bare.body)).toBe('x');
    expect(bare.properties).toEqual({
      persistent: true,
      mandatory: true,
      headers: {
        'x-csv2db-import': 'import',
        'x-csv2db-row': 7,
        'x-csv2db-reason': 'because (headers and properties were left out: too large)',
        'x-csv2db-time': expect.any(String) as unknown,
        'x-csv2db-attempts': 1,
      },
    });
  });
});

describe('rows that are nested too deep to be messages of their own', () => {
  it('are one letter, which is their message', () => {
    const deep: unknown = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000));
    const original = delivery('the message');
    const refusals = [deep, 1, deep].map((value, index) => ({
      delivery: original,
      reason: 'because',
      part: { index, value },
    }));
    const letters = [...toLetters(refusals, new Set())];
    expect(letters.map(({ body }) => String(body))).toEqual(['the message', '1']);
    expect(letters[0]?.properties.headers).toMatchObject({
      'x-csv2db-reason': 'because (row 1 of the message, which is nested too deep)',
      'x-csv2db-row': 7,
    });
  });
});

describe('the reason of a dead letter that RabbitMQ moved', () => {
  it.each([
    ['expired', /time to live/],
    ['maxlen', /length limit/],
    ['rejected', /rejected by a consumer/],
    ['delivery_limit', /delivered too often/],
    ['something new', /^unknown$/],
  ])('%s', (reason, words) => {
    expect(reasonOf(delivery('', { headers: { 'x-first-death-reason': reason } }))).toMatch(words);
  });
});
