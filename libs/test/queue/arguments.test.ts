import { describe, expect, it } from 'vitest';
import { hazards, inequivalentArgument, isStream } from '../../src/queue/arguments.ts';

describe('an argument in the text of a 406', () => {
  const text = (rest: string): string =>
    `inequivalent arg 'x-y' for queue 'q' in vhost '/': ${rest}`;

  it.each<[string, unknown]>([
    ["received none but current is the value '5000' of type 'short'", 5_000],
    ["received none but current is the value 'true' of type 'bool'", true],
    ["received none but current is the value 'stream' of type 'longstr'", 'stream'],
    ["received none but current is the value '' of type 'longstr'", ''],
    ["received 'quorum' but current is 'stream'", 'stream'],
  ])('%s', (rest, value) => {
    expect(inequivalentArgument(text(rest))).toEqual({ name: 'x-y', value });
  });

  it('is none when the queue that is there has no such argument', () => {
    const rest = "received the value '' of type 'longstr' but current is none";
    expect(inequivalentArgument(text(rest))).toBeUndefined();
  });
});

describe('the hazards of a queue', () => {
  it('are none for the queue that csv2db declares, a priority, or a limit that refuses', () => {
    expect(
      hazards({
        'x-queue-type': 'quorum',
        'x-delivery-limit': 20,
        'x-dead-letter-exchange': '',
        'x-max-length': 10,
        'x-overflow': 'reject-publish',
        'x-max-priority': 3,
      }),
    ).toEqual([]);
  });

  it('are none for what is turned off', () => {
    expect(hazards({ 'x-delivery-limit': -1, 'x-single-active-consumer': false })).toEqual([]);
  });

  it.each<[string, Record<string, string | number | boolean>]>([
    ['messages that wait longer are deleted (x-message-ttl=1)', { 'x-message-ttl': 1 }],
    [
      'messages that wait longer are dead-lettered (x-message-ttl=1)',
      { 'x-message-ttl': 1, 'x-dead-letter-exchange': 'x' },
    ],
    [
      'it is deleted with its messages when no consumer is there for so long (x-expires=1)',
      { 'x-expires': 1 },
    ],
    ['the oldest messages are deleted when it is full (x-max-length=9)', { 'x-max-length': 9 }],
    [
      'the oldest messages are deleted when it is full (x-max-length-bytes=9)',
      { 'x-max-length-bytes': 9, 'x-overflow': 'drop-head' },
    ],
    ['messages delivered too often are deleted (x-delivery-limit=2)', { 'x-delivery-limit': 2 }],
    [
      'one consumer at a time gets messages (x-single-active-consumer=true)',
      { 'x-single-active-consumer': true },
    ],
  ])('%s', (hazard, args) => {
    expect(hazards(args)).toEqual([hazard]);
  });
});

it('a stream is told by its type', () => {
  expect(isStream({ 'x-queue-type': 'stream' })).toBe(true);
  expect(isStream({ 'x-queue-type': 'quorum' })).toBe(false);
});
