import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { within } from '../deadline.ts';

/** How long a closing handshake may take, in milliseconds, before the socket is left to itself. */
const CLOSE_TIMEOUT = 2_000;

/** Closes channels and their connection, and does not wait for a broker that does not answer. */
export async function closeAll(
  connection: ChannelModel,
  channels: readonly ConfirmChannel[],
): Promise<void> {
  // a channel's closing is answered after everything that was sent on it; closing the connection
  // alone may overtake the last acknowledgements
  const closing = Promise.allSettled(channels.map(async (channel) => channel.close()));
  await within(CLOSE_TIMEOUT, closing).catch(() => {});
  // also where a channel does not answer: the broker takes back what it had delivered
  await within(CLOSE_TIMEOUT, closed(connection)).catch(() => {});
}

async function closed(connection: ChannelModel): Promise<void> {
  // throws at once, rather than rejects, when it is closed already
  await connection.close();
}
