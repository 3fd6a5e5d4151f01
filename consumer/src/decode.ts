import { findRows } from '@csv2db/libs/csv/bounds.ts';
import { MalformedRow, parseRows, type Row as Fields } from '@csv2db/libs/csv/rows.ts';
import { decodeBody, UndecodableError } from '@csv2db/libs/message.ts';
import type { Delivery, Refusal, Row } from './batch.ts';
import type { Layout } from './database/layout.ts';
import type { Table } from './database/table.ts';
import { inexactNumber, jsonRow } from './json-values.ts';

/** A message of CSV, in rows to store and refusals. */
export function decodeCsv(
  delivery: Delivery,
  layout: Layout,
): { rows: Row[]; refusals: Refusal[] } {
  const { content } = delivery;
  const [rows, refusals]: [Row[], Refusal[]] = [[], []];
  const { emptyIsNull } = layout;
  const parsed = parseRows(content, true, Infinity, { emptyIsNull }).rows;
  if (parsed.length === 0) refusals.push({ delivery, reason: 'the body has no row' });
  const isOne = parsed.length === 1;
  let bounds: ReturnType<typeof findRows>['bounds'] | undefined;
  for (const [index, fields] of parsed.entries()) {
    if (!(fields instanceof MalformedRow) && fields.length === layout.columns.length) {
      rows.push({ values: fields, delivery, index: isOne ? undefined : index });
      continue;
    }
    bounds ??= findRows(content, true, Infinity).bounds;
    const part = { index, value: content.subarray(bounds[index]?.start, bounds[index + 1]?.start) };
    const reason = whyNoRow(layout, fields);
    refusals.push({ delivery, part: isOne ? undefined : part, reason });
  }
  return { rows, refusals };
}

/** A row of JSON and where it goes, or what is refused of a message. */
export type FoundInJson =
  { row: Row; layout: Layout } | { refusal: Refusal; error: UndecodableError };

/**
 * A message of JSON, row by row.
 *
 * @param named the columns that it names; undefined where the members of a row are its columns.
 */
export function* decodeJson(
  delivery: Delivery,
  named: Layout | undefined,
  table: Table,
): Generator<FoundInJson, void> {
  const body = attempt(() => decodeBody(delivery.content));
  if (body instanceof UndecodableError) {
    yield { refusal: { delivery, reason: body.message }, error: body };
    return;
  }
  // the letter is to have every digit, so it is the message as it came
  const inexact = table.isContacts ? undefined : inexactNumber(delivery.content.toString());
  if (inexact !== undefined) {
    const reason = `the number ${inexact} has more digits than JavaScript keeps: send it as a string`;
    yield { refusal: { delivery, reason }, error: new UndecodableError(reason) };
    return;
  }
  const isOne = !Array.isArray(body);
  const rows: readonly unknown[] = Array.isArray(body) ? body : [body];
  for (const [place, json] of rows.entries()) {
    const index = isOne ? undefined : place;
    const found = attempt(() => jsonRow(json, named, table));
    if (!(found instanceof UndecodableError)) {
      yield { layout: found.layout, row: { values: found.values, delivery, index, json } };
      continue;
    }
    const part = index === undefined ? undefined : { index, value: json };
    yield { refusal: { delivery, part, reason: found.message }, error: found };
  }
}

function attempt<T>(decode: () => T): T | UndecodableError {
  try {
    return decode();
  } catch (error) {
    if (error instanceof UndecodableError) return error;
    throw error;
  }
}

function whyNoRow({ columns }: Layout, fields: Fields): string {
  if (fields instanceof MalformedRow) return fields.reason;
  const names = columns.map(({ name }) => name).join(',');
  const count = `${fields.length} ${fields.length === 1 ? 'field' : 'fields'}`;
  return `${count} instead of ${columns.length} (${names})`;
}
