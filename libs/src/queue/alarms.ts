import type { ChannelModel } from 'amqplib';
import type { Logger } from '../logger.ts';

/** The broker's memory and disk alarms, as one connection sees them. */
export interface Alarms {
  /** Why an alarm of the broker holds back publishers, in its words; undefined when none does. */
  blockedBy(): string | undefined;
  /** Resolves at once, or when that is over. */
  unblocked(): Promise<void>;
}

/**
 * Listens for alarms: https://www.rabbitmq.com/docs/connection-blocked
 *
 * @param lost aborted when the connection is of no use any more; nobody is blocked then.
 */
export function watchAlarms(connection: ChannelModel, lost: AbortSignal, log: Logger): Alarms {
  let blockedBy: string | undefined;
  let alarm = Promise.resolve();
  let end = (): void => {};
  const onEnd = (): void => {
    blockedBy = undefined;
    end();
  };
  connection.on('blocked', (reason) => {
    if (lost.aborted) return;
    log.warn({ reason }, `RabbitMQ accepts no messages (${reason}): sending pauses until it does`);
    blockedBy = reason;
    alarm = new Promise((resolve) => (end = resolve));
  });
  connection.on('unblocked', () => {
    log.info('RabbitMQ accepts messages again');
    onEnd();
  });
  lost.addEventListener('abort', onEnd, { once: true });
  return { blockedBy: () => blockedBy, unblocked: () => alarm };
}
