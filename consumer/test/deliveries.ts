import type { Message } from 'amqplib';
import type { Delivery } from '../src/batch.ts';

const NONE = {
  contentType: undefined,
  contentEncoding: undefined,
  headers: undefined,
  deliveryMode: undefined,
  priority: undefined,
  correlationId: undefined,
  replyTo: undefined,
  expiration: undefined,
  messageId: undefined,
  timestamp: undefined,
  type: undefined,
  userId: undefined,
  appId: undefined,
  clusterId: undefined,
};

/** A message as amqplib delivers it. */
export function delivery(
  body: string | Buffer,
  properties: Partial<Message['properties']> = {},
): Delivery {
  return {
    content: Buffer.from(body),
    fields: {
      consumerTag: 'c',
      deliveryTag: 1,
      redelivered: false,
      exchange: '',
      routingKey: 'csv2db',
    },
    properties: { ...NONE, ...properties },
  };
}
