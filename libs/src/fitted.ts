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
}

/**
 * Parts as one line that is no wider than so many columns of a terminal: where not all of them fit,
 * without those that matter least, and with what may be shortened as long as there is room.
 * What others say may have tabs and line ends in it, which are spaces here.
 */
export function fitted(parts: readonly Part[], width: number): string {
  let kept = parts.map((part) => ({ ...part, text: part.text.replaceAll(/\s+/g, ' ') }));
  while (leastWidthOf(kept) > width) {
    const last = Math.max(...kept.map(({ rank }) => rank));
    const others = kept.filter(({ rank }) => rank < last);
    if (others.length === 0) break;
    kept = others;
  }
  let spare = Math.max(0, width - leastWidthOf(kept));
  const texts = kept.map((part) => {
    const least = leastWidth(part);
    const more = Math.min(stringWidth(part.text) - least, spare);
    spare -= more;
    return shortened(part.text, least + more);
  });
  return shortened(texts.join(GAP), width);
}

function leastWidthOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + leastWidth(part) + GAP.length, -GAP.length);
}

function leastWidth({ text, isShortened = false }: Part): number {
  return isShortened ? Math.min(stringWidth(text), LEAST) : stringWidth(text);
}
