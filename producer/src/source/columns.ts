import { InvalidArgumentError } from '@commander-js/extra-typings';

/** A column that is sent, and where the file has it. */
export interface ColumnWish {
  /** Its name in the table. */
  name: string;
  /** Its name in the header, or its place, from 1; undefined where both are those of the wish. */
  from?: string | number;
}

const ITEM = /\s*("(?:[^"]|"")*"|[^,="]*)\s*(?:=\s*("(?:[^"]|"")*"|[^,"]*)\s*)?(?:,|$)/y;

/**
 * The columns of `--columns`: names with commas between them, each alone or as `name="Full Name"`
 * or `name=3`. What has commas, quotes or an equals sign stands in double quotes, which are doubled
 * in it.
 */
export function columnWishes(text: string): ColumnWish[] {
  const wishes: ColumnWish[] = [];
  ITEM.lastIndex = 0;
  while (ITEM.lastIndex < text.length) {
    const [item, name, from] = ITEM.exec(text) ?? [];
    if (item === undefined || name === undefined || unquoted(name) === '' || from === '') break;
    wishes.push({ name: unquoted(name), ...(from !== undefined && { from: sourceOf(from) }) });
    if (ITEM.lastIndex === text.length && !item.endsWith(',')) return distinct(wishes);
  }
  throw new InvalidArgumentError('It must be as in name,email="E-mail address",city=3.');
}

function sourceOf(text: string): string | number {
  if (!/^\d+$/.test(text.trim())) return unquoted(text);
  const place = Number(text);
  if (place >= 1 && place <= 10_000) return place;
  throw new InvalidArgumentError(`There is no column ${text}: they count from 1.`);
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.trim();
}

function distinct(wishes: ColumnWish[]): ColumnWish[] {
  const names = wishes.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return wishes;
  throw new InvalidArgumentError(`"${twice}" is there twice.`);
}
