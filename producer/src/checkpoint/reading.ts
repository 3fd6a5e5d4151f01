import type { Input } from '../source/inputs.ts';
import type { ValueRules } from '../values.ts';

/**
 * All that decides where the rows of a file are, and which values are sent of them, as the flags that
 * ask for it.
 */
export function readingOf({ text, layout }: Input, rules: ValueRules): string[] {
  const { dialect, hasHeader, sent, places, width } = layout;
  const columns = sent.map((name, index) => `${name}=${(places[index] ?? 0) + 1}`);
  return [
    `--encoding ${text.encoding}`,
    `--delimiter ${JSON.stringify(dialect.delimiter)}`,
    `--quote ${dialect.quote === undefined ? 'none' : JSON.stringify(dialect.quote)}`,
    `--header ${hasHeader ? 'yes' : 'no'}`,
    `--columns ${columns.join(',')} of ${width}`,
    `--rules ${rules.checksContacts ? 'contact' : 'none'}`,
    `--trim=${rules.isTrimmed}`,
    `--null ${JSON.stringify(rules.nullText)}`,
  ];
}

/** How a file is read now, and was then; undefined when that is the same. */
export function otherReading(now: readonly string[], then: readonly string[]): string | undefined {
  const without = (some: readonly string[], others: readonly string[]): string =>
    some.filter((one) => !others.includes(one)).join(' ');
  const [is, was] = [without(now, then), without(then, now)];
  return is === was ? undefined : `it was read with ${was}, and would be with ${is}`;
}
