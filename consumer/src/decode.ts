import { decodeBody, decodeContact, UndecodableError } from '@csv2db/libs/message.ts';
import type { Decoded, Delivery, Refusal, Row } from './batch.ts';

/** Sorts what a batch of deliveries holds into rows to store and refusals. */
export function decode(batch: readonly Delivery[]): Decoded {
  const rows: Row[] = [];
  const refusals: Refusal[] = [];
  const attempt = (delivery: Delivery, work: () => void, part?: Refusal['part']): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error;
      refusals.push({ delivery, part, reason: error.message });
    }
  };
  for (const delivery of batch) {
    attempt(delivery, () => {
      const body = decodeBody(delivery.content);
      if (!Array.isArray(body)) {
        rows.push({ contact: decodeContact(body), delivery, index: undefined });
        return;
      }
      for (const [index, value] of body.entries()) {
        attempt(delivery, () => rows.push({ contact: decodeContact(value), delivery, index }), {
          index,
          value,
        });
      }
    });
  }
  return { rows, refusals };
}
