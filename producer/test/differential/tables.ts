import fc from 'fast-check';
import type { ColumnWish } from '../../src/source/columns.ts';
import type { Form } from './forms.ts';

const CONTACTS = [1, 0];
const [COLUMNS, TITLES] = [
  ['email', 'name', 'height'],
  ['E-Mail, private', 'Full "Name"', 'Höhe'],
];

export const SPELLINGS: ((name: string) => string)[] = [
  (name) => name,
  (name) => name.toUpperCase(),
  (name) => ` ${name} `,
];

export interface TableWish {
  wanted: number[];
  order: number[];
  extra: number;
  spelling: (name: string) => string;
}

/** Which columns the file has, and how they are asked for. */
export function tableOf(form: Form, { wanted, order, extra, spelling }: TableWish) {
  if (form.header === 'none, as they stand' || form.header === 'none, of contacts') {
    const names = form.header === 'none, of contacts' ? CONTACTS : wanted;
    const columns = names.map((column) => ({ name: COLUMNS[column] ?? '' }));
    return { width: names.length, places: names.map((_, place) => place), columns };
  }
  const places = wanted.map((column) => order.indexOf(column));
  const columns = wanted.map((column, index) => wishFor(form, column, places[index] ?? 0));
  const width = order.length + extra;
  if (!form.header.startsWith('by')) return { width, places, columns };
  const names = form.header === 'by title' ? TITLES : COLUMNS;
  const cells = order.map((column) => {
    const title = titleOf(names[column] ?? '', form);
    // a space at its ends may be the delimiter
    return titleOf(spelling(title), form) === spelling(title) ? spelling(title) : title;
  });
  return { width, places, columns, header: [...cells, ...['id', 'more'].slice(0, extra)] };
}

/** More fields than any file has columns; a few rows have too many or too few. */
export function rowOf({ texts, quote, delimiter }: Form): fc.Arbitrary<RawRow> {
  const isLiteral = (text: string): boolean => !/[\r\n]/.test(text) && !text.includes(delimiter);
  const pieces = quote === undefined ? texts.filter(isLiteral) : texts;
  const field = fc.array(fc.constantFrom(...pieces), { maxLength: 5 }).map((some) => some.join(''));
  return fc.record({
    fields: fc.array(field, { minLength: 7, maxLength: 7 }),
    raggedBy: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 1, -1),
  });
}

export interface RawRow {
  fields: string[];
  raggedBy: number;
}

/** The first row has the width of all, since it tells that. */
export function cutTo(width: number) {
  return ({ fields, raggedBy }: RawRow, index: number): string[] =>
    fields.slice(0, index === 0 ? width : Math.max(1, width + raggedBy));
}

/** A title that can be written without quotes where there are none. */
function titleOf(title: string, { quote, delimiter }: Form): string {
  return quote === undefined ? title.replaceAll(delimiter, '_') : title;
}

/** With an email at its place, by which the delimiter is found. */
export const withEmail = (row: string[]): string[] =>
  row.map((field, place) => (place === 1 ? 'a.b@example.org' : field));

function wishFor(form: Form, column: number, place: number): ColumnWish {
  const { header } = form;
  const name = COLUMNS[column] ?? '';
  if (header === 'by title') return { name, from: titleOf(TITLES[column] ?? '', form) };
  return header.endsWith('by place') ? { name, from: place + 1 } : { name };
}

/** A row as a file has it. */
export function lineOf(row: string[], form: Form): string {
  return row.map((field) => written(field, form)).join(form.delimiter);
}

/** In quotes where it must be, or to see that it may. */
function written(field: string, { delimiter, quote, isQuotedMore }: Form): string {
  if (quote === undefined) return field.replaceAll(delimiter, '_').replaceAll(/[\r\n]/g, '_');
  const isPlain = ![delimiter, quote, '\r', '\n'].some((character) => field.includes(character));
  if (isPlain && !(isQuotedMore && field.length % 2 === 1)) return field;
  return quote + field.replaceAll(quote, quote + quote) + quote;
}
