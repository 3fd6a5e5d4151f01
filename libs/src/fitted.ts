import { shortened, stringWidth } from './width.ts';

const GAP = '  ';
/** Narrowest that a part is shortened to. */
const LEAST = 16;

/** A part of a line. */
export interface Part {
  text: string;
  /** Of parts that do not all fit, those of the highest rank are left out first. */
  rank: number;
  /** Whether its middle may be left out. Default: false. */
  isShortened?: boolean;
  /** What is between it and the part in front of it. Default: two spaces. */
  gap?: string;
}

/**
 * Parts as one line that is no wider than so many columns of a terminal: where not all of them fit,
 * without those that matter least. What may be shortened is, once it is what matters least.
 * What others say may have tabs and line ends in it, which are spaces here.
 */
export function fitted(parts: readonly Part[], width: number): string {
  let kept = parts.map((part) => ({ ...part, text: part.text.replaceAll(/\s+/g, ' ') }));
  while (leastWidthOf(kept) > width) {
    const last = highestRank(kept);
    const others = kept.filter(({ rank }) => rank < last);
    if (others.length === 0) break;
    kept = others;
  }
  let spare = Math.max(0, width - leastWidthOf(kept));
  const last = highestRank(kept);
  const texts = kept.map((part, index) => {
    const least = leastWidth(part, last);
    const more = Math.min(stringWidth(part.text) - least, spare);
    spare -= more;
    const gap = index === 0 ? '' : (part.gap ?? GAP);
    return gap + shortened(part.text, least + more);
  });
  return shortened(texts.join(''), width);
}

function highestRank(parts: readonly Part[]): number {
  return Math.max(...parts.map(({ rank }) => rank));
}

function leastWidthOf(parts: readonly Part[]): number {
  const last = highestRank(parts);
  const gaps = parts.slice(1).map(({ gap = GAP }) => stringWidth(gap));
  return [...gaps, ...parts.map((part) => leastWidth(part, last))].reduce((a, b) => a + b, 0);
}

/** @param last the highest rank that there is. */
function leastWidth({ text, rank, isShortened = false }: Part, last: number): number {
  const width = stringWidth(text);
  return isShortened && rank === last ? Math.min(width, LEAST) : width;
}
