import { describe, expect, it } from 'vitest';
import { FatalError, TransientError } from '../../src/errors.ts';
import { closeText, handshakeProblem, wordsOf } from '../../src/queue/refusal.ts';

const ADDRESS = { host: 'queue', port: 5672, vhost: 'team' };
const CONFIG = {
  user: 'ann',
  tls: undefined,
  flags: { address: '--queue-addr', login: '--queue-user and --queue-pass' },
};

/** A method frame on channel 0, as a broker sends it. */
function frame(method: number[], args: Buffer): Buffer {
  const payload = Buffer.concat([
    Buffer.from([0, ...method.slice(0, 1), 0, ...method.slice(1)]),
    args,
  ]);
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([0xce])]);
}

function close(text: string): Buffer {
  const words = Buffer.from(text);
  const args = Buffer.concat([Buffer.from([2, 18, words.length]), words, Buffer.alloc(4)]);
  return frame([10, 50], args);
}

const TUNE = frame([10, 30], Buffer.from([7, 255, 0, 2, 0, 0, 0, 60]));

describe('the text of connection.close', () => {
  it('is found behind other frames', () => {
    const received = Buffer.concat([TUNE, close('NOT_ALLOWED - vhost team not found')]);
    expect(closeText(received)).toBe('NOT_ALLOWED - vhost team not found');
  });

  it('is undefined when there is none, or only a part of a frame', () => {
    expect(closeText(TUNE)).toBeUndefined();
    expect(closeText(Buffer.alloc(0))).toBeUndefined();
    expect(closeText(TUNE.subarray(0, 5))).toBeUndefined();
  });
});

describe('a connection that could not be opened', () => {
  // the texts of RabbitMQ 3.10
  it.each<[string, typeof FatalError | typeof TransientError, RegExp]>([
    ['NOT_ALLOWED - vhost team not found', FatalError, /the vhost "team" does not exist/],
    [
      "NOT_ALLOWED - access to vhost 'team' refused for user 'ann'",
      FatalError,
      /does not let the user "ann" into the vhost "team"/,
    ],
    [
      "NOT_ALLOWED - access to vhost 'team' refused for user 'ann': connection limit (1) is reached",
      TransientError,
      /accepts no more connections: .*limit \(1\)/,
    ],
    ['NOT_ALLOWED - vhost without limit not found', FatalError, /does not exist/],
    [
      "NOT_ALLOWED - connection refused for user 'ann': user connection limit (1) is reached",
      TransientError,
      /accepts no more connections: .*limit \(1\)/,
    ],
    [
      "INTERNAL_ERROR - access to vhost 'team' refused for user 'ann': vhost 'team' is down",
      TransientError,
      /can't serve the vhost "team": .* is down/,
    ],
    ['ACCESS_REFUSED - Login was refused using …', FatalError, /refused the user "ann": check/],
    [
      'CONNECTION_FORCED - broker is shutting down',
      TransientError,
      /closed .*: broker is shutting/,
    ],
  ])('by %j is told so', (text, type, message) => {
    const problem = handshakeProblem(new Error('?'), close(text), ADDRESS, CONFIG);
    expect(problem).toBeInstanceOf(type);
    expect(problem.message).toMatch(/^RabbitMQ at queue:5672\/team /);
    expect(problem.message).toMatch(message);
  });

  it('because nobody listens is an outage', () => {
    const error = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    const problem = handshakeProblem(error, Buffer.alloc(0), ADDRESS, CONFIG);
    expect(problem).toBeInstanceOf(TransientError);
    expect(problem.message).toMatch(/can't be reached: connection refused$/);
  });
});

it("the broker's words are what stands behind the code and the class", () => {
  const text = `Operation failed: QueueDeclare; 404 (NOT-FOUND) with message "NOT_FOUND - no queue 'q'"`;
  expect(wordsOf(new Error(text))).toBe("no queue 'q'");
  expect(wordsOf('no class')).toBe('no class');
});
