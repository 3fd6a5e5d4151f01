import { findRows } from '@csv2db/libs/csv/bounds.ts';
import { parseRows, toContact } from '@csv2db/libs/csv/rows.ts';
import { decodeBody, decodeContact, isCsv, UndecodableError } from '@csv2db/libs/message.ts';
import type { Decoded, Delivery, Part } from './batch.ts';

/** Sorts what a batch of deliveries holds into rows to store and refusals. */
export function decode(batch: readonly Delivery[]): Decoded {
  const decoded: Decoded = { rows: [], refusals: [] };
  for (const delivery of batch) {
    if (isCsv(delivery.properties.contentType)) decodeCsv(delivery, decoded);
    else decodeJson(delivery, decoded);
  }
  return decoded;
}

function decodeCsv(delivery: Delivery, { rows, refusals }: Decoded): void {
  const { content } = delivery;
  const parsed = parseRows(content, true, Infinity).rows;
  if (parsed.length === 0) {
    refusals.push({ delivery, reason: 'the body has no row' });
    return;
  }
  const isOne = parsed.length === 1;
  let bounds: ReturnType<typeof findRows>['bounds'] | undefined;
  for (const [index, row] of parsed.entries()) {
    const contact = toContact(row);
    if (!('reason' in contact)) {
      rows.push({ contact, delivery, index: isOne ? undefined : index });
      continue;
    }
    bounds ??= findRows(content, true, Infinity).bounds;
    const part = { index, value: content.subarray(bounds[index]?.start, bounds[index + 1]?.start) };
    refusals.push({ delivery, part: isOne ? undefined : part, reason: contact.reason });
  }
}

function decodeJson(delivery: Delivery, { rows, refusals }: Decoded): void {
  const attempt = (work: () => void, part?: Part): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error;
      refusals.push({ delivery, part, reason: error.message });
    }
  };
  attempt(() => {
    const body = decodeBody(delivery.content);
    if (!Array.isArray(body)) {
      rows.push({ contact: decodeContact(body), delivery, index: undefined });
      return;
    }
    const values: readonly unknown[] = body;
    for (const [index, value] of values.entries()) {
      const decodeRow = (): void =>
        void rows.push({ contact: decodeContact(value), delivery, index });
      attempt(decodeRow, { index, value });
    }
  });
}
