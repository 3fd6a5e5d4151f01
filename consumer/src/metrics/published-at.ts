import type { Delivery } from '../batch.ts';

/**
 * Set by RabbitMQ (3.12 or later) where `message_interceptors.incoming.set_header_timestamp.overwrite` is
 * configured: https://www.rabbitmq.com/docs/message-interceptors
 */
const MILLISECONDS = 'timestamp_in_ms';

/**
 * When a message was published, in milliseconds since 1970: to the millisecond where RabbitMQ notes
 * it, otherwise to the second. Undefined where the message does not say.
 */
export function publishedAt({ properties }: Delivery): number | undefined {
  const noted: unknown = properties.headers?.[MILLISECONDS];
  if (typeof noted === 'number') return noted;
  const seconds: unknown = properties.timestamp;
  return typeof seconds === 'number' ? seconds * 1000 : undefined;
}
