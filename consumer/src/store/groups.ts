import { parseAnnouncement } from '@csv2db/libs/announcement.ts';
import { parseColumns } from '@csv2db/libs/columns.ts';
import { countLines } from '@csv2db/libs/csv/bounds.ts';
import { CONTENT_TYPE, HEADERS, isCsv, UndecodableError } from '@csv2db/libs/message.ts';
import { type Origin, originOf } from '@csv2db/libs/origin.ts';
import type { Delivery, Refusal, Row } from '../batch.ts';
import type { Layout } from '../database/layout.ts';
import { ColumnsError, type Table } from '../database/table.ts';
import { decodeCsv, decodeJson } from '../decode.ts';
import { Account, FOREIGN } from '../ledger/account.ts';
import type { Announced } from '../ledger/ledger.ts';
import { isPlain } from './lines.ts';

/** The rows of a message, or some of them. */
export interface Body {
  delivery: Delivery;
  /** Undefined of plain lines, which stay bytes until somebody needs more. */
  rows: readonly Row[] | undefined;
}

/** What is of one import in a batch, in the order of its deliveries. */
export interface Group {
  account: Account;
  bodies: Body[];
  /** What holds no row of the table. */
  refusals: Refusal[];
}

/** Rows of one import that have the same columns. */
export interface RowGroup extends Group {
  layout: Layout;
}

export interface Grouped {
  /** As a rule it is one. */
  groups: RowGroup[];
  /** What is of no columns: refused, or for the ledger alone. */
  others: Group[];
  announcements: Announced[];
  /** Whether something is refused for what columns the table had when it was looked at. */
  isOfOtherColumns: boolean;
}

/** Parts a batch by the imports and the columns of its rows. */
export function group(batch: readonly Delivery[], table: Table): Grouped {
  const sorter = new Sorter();
  const layouts = new Map<unknown, Layout | UndecodableError>();
  const announcements: Announced[] = [];
  let isOfOtherColumns = false;

  const refuse = (refusal: Refusal, origin: Origin | undefined, error?: UndecodableError): void => {
    const { account, refusals } = sorter.other(origin);
    account.add(origin, 1, refusal.part?.index);
    refusals.push(refusal);
    isOfOtherColumns ||= error instanceof ColumnsError;
  };
  const namedBy = (header: unknown): Layout | UndecodableError => {
    const layout = layouts.get(header) ?? layoutNamed(header, table);
    layouts.set(header, layout);
    return layout;
  };

  for (const delivery of batch) {
    const { contentType, headers } = headersOf(delivery);
    const origin = originOf(headers);
    if (contentType === CONTENT_TYPE.ledger) {
      const header = headers[HEADERS.announcement];
      const announcement = parseAnnouncement(header);
      if (origin && announcement) {
        announcements.push({ importId: origin.importId, announcement });
      } else if (origin && header === undefined) {
        sorter.other(origin).account.reject(origin);
      } else {
        refuse({ delivery, reason: 'the message tells the ledger nothing of an import' }, origin);
      }
      continue;
    }
    const header = headers[HEADERS.columns];
    const isOfCsv = isCsv(contentType);
    const layout = isOfCsv || header !== undefined ? namedBy(header) : undefined;
    if (layout instanceof UndecodableError) {
      refuse({ delivery, reason: layout.message }, origin, layout);
    } else if (!isOfCsv || layout === undefined) {
      for (const found of decodeJson(delivery, layout, table)) {
        if ('refusal' in found) {
          refuse(found.refusal, origin, found.error);
        } else {
          const { account, bodies } = sorter.of(found.layout, origin);
          account.add(origin, 1, found.row.index);
          bodies.push({ delivery, rows: [found.row] });
        }
      }
    } else {
      const { account, bodies, refusals } = sorter.of(layout, origin);
      if (isPlain(delivery, layout.columns.length)) {
        account.add(origin, countLines(delivery.content));
        bodies.push({ delivery, rows: undefined });
      } else {
        const decoded = decodeCsv(delivery, layout);
        account.add(origin, decoded.rows.length + decoded.refusals.length);
        // a message may have more than a call takes arguments
        for (const refusal of decoded.refusals) refusals.push(refusal);
        bodies.push({ delivery, rows: decoded.rows });
      }
    }
  }
  return { groups: sorter.groups, others: sorter.others, announcements, isOfOtherColumns };
}

/** Finds the group that something belongs to. */
class Sorter {
  readonly #byLayout = new Map<Layout, Map<string, RowGroup>>();
  readonly #others = new Map<string, Group>();

  of(layout: Layout, origin: Origin | undefined): RowGroup {
    const importId = origin?.importId ?? FOREIGN;
    const byImport = this.#byLayout.get(layout) ?? new Map<string, RowGroup>();
    this.#byLayout.set(layout, byImport);
    const group = byImport.get(importId) ?? { layout, ...emptyGroup(importId) };
    byImport.set(importId, group);
    return group;
  }

  other(origin: Origin | undefined): Group {
    const importId = origin?.importId ?? FOREIGN;
    const group = this.#others.get(importId) ?? emptyGroup(importId);
    this.#others.set(importId, group);
    return group;
  }

  get groups(): RowGroup[] {
    return [...this.#byLayout.values()].flatMap((byImport) => [...byImport.values()]);
  }

  get others(): Group[] {
    return [...this.#others.values()];
  }
}

function emptyGroup(importId: string): Group {
  return { account: new Account(importId), bodies: [], refusals: [] };
}

function headersOf({ properties }: Delivery): {
  contentType: unknown;
  headers: Record<string, unknown>;
} {
  return { contentType: properties.contentType, headers: properties.headers ?? {} };
}

function layoutNamed(header: unknown, table: Table): Layout | UndecodableError {
  try {
    return table.layoutOf(parseColumns(header));
  } catch (error) {
    if (error instanceof UndecodableError) return error;
    throw error;
  }
}
