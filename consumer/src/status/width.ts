import stringWidth from 'string-width';

/** A text with spaces in front or behind, as wide as so many columns of a terminal. */
export function padded(text: string, width: number, side: 'start' | 'end'): string {
  const spaces = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return side === 'start' ? spaces + text : text + spaces;
}

/** A text that is no wider than so many columns of a terminal: otherwise without its middle. */
export function shortened(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  const characters = [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
  const head = fitting(characters, Math.floor((width - 1) / 2));
  const tail = fitting(characters.toReversed(), width - 1 - stringWidth(head.join('')));
  return [...head, '…', ...tail.toReversed()].join('');
}

/** The first characters that fit into a width. */
function fitting(characters: readonly string[], width: number): string[] {
  let left = width;
  const end = characters.findIndex((character) => (left -= stringWidth(character)) < 0);
  return characters.slice(0, end < 0 ? undefined : end);
}
