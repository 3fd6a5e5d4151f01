const GROUPED = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A whole number as `1,234,567`. */
export function grouped(number: number): string {
  return GROUPED.format(number);
}

/** Whole seconds as `12s`, `3m05s` or `2h07m`. */
export function time(seconds: number): string {
  const two = (number: number): string => String(Math.floor(number)).padStart(2, '0');
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h${two((seconds % 3600) / 60)}m`;
}
