import { FatalError } from '../errors.ts';
import type { QueueConfig } from '../queue/address.ts';
import { checkPair, hasFiles, type TlsFiles } from '../tls/files.ts';
import { flagsOf, givenBy, ownPassword, partOf, type SourceOf, strongest } from './precedence.ts';
import type { QueueOptions } from './queue-options.ts';
import { parseQueueUrls, QUEUE_URL, type QueueUrls } from './queue-url.ts';
import { LONGEST_QUEUE_NAME } from './values.ts';

/**
 * The flags about the queue, as one configuration.
 *
 * @throws FatalError when they do not go together, or the URL is none of a queue.
 */
export function queueConfig(options: QueueOptions, sourceOf: SourceOf): QueueConfig {
  const given = givenBy(options, sourceOf);
  const url = partOf(given('queueUrl'), parseQueueUrls);
  const inUrl = <Name extends keyof QueueUrls>(name: Name) => partOf(url, (urls) => urls[name]);

  const addresses = strongest(given('queueAddr'), inUrl('addresses'));
  const user = strongest(given('queueUser'), inUrl('user'));
  const password = strongest(
    ownPassword(given('queuePass'), given('queuePassFile')),
    partOf(inUrl('password'), (text) => () => text),
  );
  const files: TlsFiles = {
    prefix: '--queue',
    ca: strongest(given('queueCa'), inUrl('ca')).value,
    cert: strongest(given('queueCert'), inUrl('cert')).value,
    key: strongest(given('queueKey'), inUrl('key')).value,
  };
  return {
    addresses: addresses.value,
    user: user.value,
    password: password.value,
    tls: tlsOf(files, url.value?.isTls),
    tuning: url.value?.tuning,
    flags: { address: addresses.flag, login: flagsOf(user, password) },
    ...queueNames(options),
    type: options.queueType,
  };
}

/** The files of TLS; undefined where the connection is to be plain. */
function tlsOf(files: TlsFiles, isTls: boolean | undefined): TlsFiles | undefined {
  checkPair(files);
  if (isTls === false && hasFiles(files)) {
    throw new FatalError(
      `--queue-ca, --queue-cert and --queue-key are for TLS: say amqps:// in ${QUEUE_URL}`,
    );
  }
  return (isTls ?? hasFiles(files)) ? files : undefined;
}

function queueNames(options: QueueOptions): { name: string; deadName: string } {
  const deadName = options.deadQueue ?? `${options.queueName}.dead`;
  if (deadName === options.queueName) {
    throw new FatalError(
      `--dead-queue and --queue-name are both "${deadName}": what can't be stored would come back`,
    );
  }
  if (Buffer.byteLength(deadName) > LONGEST_QUEUE_NAME) {
    throw new FatalError(
      `the name of the queue and .dead is longer than ${LONGEST_QUEUE_NAME} bytes: give a --dead-queue`,
    );
  }
  return { name: options.queueName, deadName };
}
