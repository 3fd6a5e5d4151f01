import { Option } from '@commander-js/extra-typings';
import type { Address, QueueType } from '../queue/address.ts';
import { addresses, queueName, queueType, text } from './values.ts';

/** The address of a queue on the local machine, as the original has it. */
const LOCAL_QUEUE: Address[] = [{ host: '0.0.0.0', port: 5672, vhost: '/' }];

/**
 * The flags about the queue.
 *
 * @param env the name of a variable of the service, by its end.
 */
export function queueOptions(env: (name: string) => string) {
  return {
    url: new Option(
      '--queue-url <url>',
      'amqp(s)://user:password@host:port/vhost; several, with commas',
    ).env(env('QUEUE_URL')),
    addr: new Option(
      '--queue-addr <host:port>',
      'address of the queue; several, with commas, in turn',
    )
      .env(env('QUEUE_ADDR'))
      .default(LOCAL_QUEUE, '0.0.0.0:5672')
      .argParser(addresses),
    user: new Option('--queue-user <string>', 'user of the queue')
      .env(env('QUEUE_USER'))
      .default('fcuser')
      .argParser(text),
    pass: new Option('--queue-pass <string>', 'password of the queue')
      .env(env('QUEUE_PASS'))
      .default('fcpass'),
    passFile: new Option(
      '--queue-pass-file <path>',
      'file with that password, read at each connect',
    )
      .env(env('QUEUE_PASS_FILE'))
      .argParser(text),
    ca: new Option(
      '--queue-ca <path>',
      "authorities of the server's certificate (PEM); implies TLS",
    )
      .env(env('QUEUE_CA'))
      .argParser(text),
    cert: new Option('--queue-cert <path>', 'certificate to show to the server (PEM)')
      .env(env('QUEUE_CERT'))
      .argParser(text),
    key: new Option('--queue-key <path>', 'private key of that certificate (PEM)')
      .env(env('QUEUE_KEY'))
      .argParser(text),
    name: new Option('--queue-name <string>', 'name of the queue')
      .env(env('QUEUE_NAME'))
      .default('csv2db')
      .argParser(queueName),
    dead: new Option(
      '--dead-queue <string>',
      'name of the queue for what can not be stored (default: the name of the queue and .dead)',
    )
      .env(env('DEAD_QUEUE'))
      .argParser(queueName),
    type: new Option(
      '--queue-type <type>',
      'type of the queues where they are missing: quorum or classic',
    )
      .env(env('QUEUE_TYPE'))
      .default<QueueType>('quorum')
      .argParser(queueType),
  };
}

/** The values of these flags. */
export interface QueueOptions {
  queueUrl?: string | undefined;
  queueAddr: Address[];
  queueUser: string;
  queuePass: string;
  queuePassFile?: string | undefined;
  queueCa?: string | undefined;
  queueCert?: string | undefined;
  queueKey?: string | undefined;
  queueName: string;
  deadQueue?: string | undefined;
  queueType: QueueType;
}
