const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const ROUGH = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const PERCENT = new Intl.NumberFormat('en', { style: 'percent', maximumSignificantDigits: 2 });
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

/** What stands for a number that is not known. */
export const UNKNOWN = '–';

/** A number as `12,345`. */
export function count(number: number | null | undefined): string {
  return number === null || number === undefined ? UNKNOWN : WHOLE.format(number);
}

/** An estimate as `12,300`, so that it does not look exact. */
export function rough(number: number): string {
  return ROUGH.format(number);
}

/** A number as `12.3K`, for an axis. */
export function short(number: number): string {
  return SHORT.format(number);
}

/** A part of one as `63%`; of what is almost nothing, `<0.1%`. */
export function percent(part: number): string {
  return part > 0 && part < 0.001 ? '<0.1%' : PERCENT.format(part);
}

/** A number of things, in words. */
export function plural(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** Seconds as `12 s`, `3 min 5 s` or `2 h 7 min`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${count(Math.floor(seconds / 3600))} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A time of today as `19:03:12`, in the time zone of whoever looks. */
export function clock(milliseconds: number): string {
  return CLOCK.format(milliseconds);
}

/** A day and a time as `26 Nov 2026, 19:03`. */
export function date(time: number | string): string {
  return DATE.format(new Date(time));
}
