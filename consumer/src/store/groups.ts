import { parseColumns } from '@csv2db/libs/columns.ts';
import { HEADERS, isCsv, UndecodableError } from '@csv2db/libs/message.ts';
import type { Delivery, Refusal, Row } from '../batch.ts';
import type { Layout } from '../database/layout.ts';
import { ColumnsError, type Table } from '../database/table.ts';
import { decodeCsv, decodeJson } from '../decode.ts';
import { isPlain } from './lines.ts';

/** The rows of a message, or some of them. */
export interface Body {
  delivery: Delivery;
  /** Undefined of plain lines, which stay bytes until somebody needs more. */
  rows: readonly Row[] | undefined;
}

/** The rows of a batch that have the same columns, in the order of their deliveries. */
export interface Group {
  layout: Layout;
  bodies: Body[];
}

export interface Grouped {
  groups: Iterable<Group>;
  /** What holds no row of the table. */
  refusals: Refusal[];
  /** Whether something is refused for what columns the table had when it was looked at. */
  isOfOtherColumns: boolean;
}

/** Parts a batch by the columns of its rows; as a rule it is one group. */
export function group(batch: readonly Delivery[], table: Table): Grouped {
  const groups = new Map<Layout, Group>();
  const refusals: Refusal[] = [];
  const layouts = new Map<unknown, Layout | UndecodableError>();
  let isOfOtherColumns = false;

  const add = (layout: Layout, body: Body): void => {
    const known = groups.get(layout);
    if (known) known.bodies.push(body);
    else groups.set(layout, { layout, bodies: [body] });
  };
  const refuse = (refusal: Refusal, error: UndecodableError): void => {
    refusals.push(refusal);
    isOfOtherColumns ||= error instanceof ColumnsError;
  };
  const namedBy = (header: unknown): Layout | UndecodableError => {
    const layout = layouts.get(header) ?? layoutNamed(header, table);
    layouts.set(header, layout);
    return layout;
  };

  for (const delivery of batch) {
    const headers: Record<string, unknown> = delivery.properties.headers ?? {};
    const header = headers[HEADERS.columns];
    const isOfCsv = isCsv(delivery.properties.contentType);
    const layout = isOfCsv || header !== undefined ? namedBy(header) : undefined;
    if (layout instanceof UndecodableError) {
      refuse({ delivery, reason: layout.message }, layout);
    } else if (!isOfCsv || layout === undefined) {
      for (const found of decodeJson(delivery, layout, table)) {
        if ('refusal' in found) refuse(found.refusal, found.error);
        else add(found.layout, { delivery, rows: [found.row] });
      }
    } else if (isPlain(delivery, layout.columns.length)) {
      add(layout, { delivery, rows: undefined });
    } else {
      const decoded = decodeCsv(delivery, layout);
      // a message may have more than a call takes arguments
      for (const refusal of decoded.refusals) refusals.push(refusal);
      add(layout, { delivery, rows: decoded.rows });
    }
  }
  return { groups: groups.values(), refusals, isOfOtherColumns };
}

function layoutNamed(header: unknown, table: Table): Layout | UndecodableError {
  try {
    return table.layoutOf(parseColumns(header));
  } catch (error) {
    if (error instanceof UndecodableError) return error;
    throw error;
  }
}
