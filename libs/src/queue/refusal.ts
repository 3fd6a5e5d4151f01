import { connectionProblem, FatalError, messageOf, TransientError } from '../errors.ts';
import { speaksNoTls, tlsProblem } from '../tls/problem.ts';
import { type Address, formatAddress, type QueueConfig } from './address.ts';

/** `connection.close` of AMQP 0-9-1: class 10, method 50. */
const CONNECTION_CLOSE = 0x00_0a_00_32;
const METHOD_FRAME = 1;
/** The first byte of an alert, which is what a TLS server answers to plain text (RFC 8446, 5.1). */
const TLS_ALERT = 21;

/**
 * Why a connection to a broker could not be opened. Limits and outages pass; what concerns names
 * and rights does not.
 *
 * @param error what amqplib says, which leaves out why the broker closed the connection.
 * @param received the bytes that came from the broker.
 */
export function handshakeProblem(
  error: unknown,
  received: Buffer,
  address: Address,
  { user, tls, flags }: Pick<QueueConfig, 'user' | 'tls' | 'flags'>,
): FatalError | TransientError {
  const where = `RabbitMQ at ${formatAddress(address)}`;
  const { vhost } = address;
  const closing = closeText(received);
  const why = wordsOf(closing ?? error);
  const cause = closing === undefined ? error : new Error(why);
  const fatal = (text: string): FatalError => new FatalError(`${where} ${text}`, { cause });
  const transient = (text: string): TransientError =>
    new TransientError(`${where} ${text}`, { cause });

  const failure = tls && tlsProblem(error, tls);
  if (failure !== undefined) return fatal(failure);
  if (tls && speaksNoTls(error)) {
    return fatal('speaks no TLS there: its port for TLS is 5671 as a rule; else say amqp://');
  }
  if (received[0] === TLS_ALERT) {
    return fatal('speaks only TLS there: say amqps:// in --queue-url');
  }
  if (received.length > 0 && received[0] !== METHOD_FRAME) {
    return fatal(`does not speak AMQP 0-9-1 there: check the port in ${flags.address}`);
  }
  if (/mechanism PLAIN is not/i.test(why)) return fatal('takes no password: it must allow PLAIN');
  if (closing === undefined) {
    return transient(`(${flags.address}) can't be reached: ${socketProblem(error)}`);
  }
  if (/login was refused/i.test(why)) {
    return fatal(`refused the user "${user}": check ${flags.login}`);
  }
  if (/is reached/.test(why)) return transient(`accepts no more connections: ${why}`);
  if (/is down/.test(why)) {
    return transient(
      `can't serve the vhost "${vhost}": ${why}; restart_vhost of rabbitmqctl mends it`,
    );
  }
  if (/not found/.test(why)) {
    return fatal(`says that the vhost "${vhost}" does not exist: check ${flags.address}`);
  }
  if (/refused for user/.test(why)) {
    return fatal(`does not let the user "${user}" into the vhost "${vhost}": set_permissions does`);
  }
  return transient(`closed the connection: ${why}`);
}

/**
 * The text of the broker's `connection.close` among the frames of a handshake; undefined when there
 * is none.
 *
 * A frame is its type, channel (2 bytes), size (4), so many bytes, and an end mark (AMQP 0-9-1,
 * 2.3.5). The bytes of this one are class and method (4), a code (2), and the text behind its
 * length.
 */
export function closeText(received: Buffer): string | undefined {
  let at = 0;
  while (at + 14 <= received.length) {
    if (received[at] === METHOD_FRAME && received.readUInt32BE(at + 7) === CONNECTION_CLOSE) {
      return received.toString('utf8', at + 14, at + 14 + received.readUInt8(at + 13));
    }
    at += 8 + received.readUInt32BE(at + 3);
  }
  return undefined;
}

/** The broker's own words, without code and class, in an error of amqplib or a text of its own. */
export function wordsOf(error: unknown): string {
  return messageOf(error)
    .replace(/^.*?\b[A-Z]+_[A-Z]+ - /s, '')
    .replace(/"$/, '');
}

function socketProblem(error: unknown): string {
  const text = connectionProblem(error);
  if (/abruptly/.test(text)) return 'it closes the connection at once, as a port of TLS may do';
  return text === 'connect ETIMEDOUT' ? 'it does not answer' : text;
}
