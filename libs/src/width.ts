import stringWidth from 'string-width';

export { stringWidth };

/** A text with spaces in front or behind, as wide as so many columns of a terminal. */
export function padded(text: string, width: number, side: 'start' | 'end'): string {
  const spaces = ' '.repeat(Math.max(0, width - stringWidth(text)));
  return side === 'start' ? spaces + text : text + spaces;
}

/** A text that is no wider than so many columns of a terminal: otherwise without its middle. */
export function shortened(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  const characters = charactersOf(text);
  const head = fitting(characters, Math.floor((width - 1) / 2));
  const tail = fitting(characters.toReversed(), width - 1 - stringWidth(head.join('')));
  return [...head, '…', ...tail.toReversed()].join('');
}

/**
 * A text as lines that are no wider than so many columns of a terminal, broken at spaces where there
 * are any.
 */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (stringWidth(rest) > width) {
    const characters = charactersOf(rest);
    // one that is wider by itself is a line of its own
    const head = fitting(characters, width).join('') || (characters[0] ?? rest);
    const space = rest[head.length] === ' ' ? -1 : head.lastIndexOf(' ');
    const line = space > 0 ? head.slice(0, space) : head;
    lines.push(line);
    rest = rest.slice(line.length).trimStart();
  }
  return rest === '' && lines.length > 0 ? lines : [...lines, rest];
}

function charactersOf(text: string): string[] {
  return [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
}

/** The first characters that fit into a width. */
function fitting(characters: readonly string[], width: number): string[] {
  let left = width;
  const end = characters.findIndex((character) => (left -= stringWidth(character)) < 0);
  return characters.slice(0, end < 0 ? undefined : end);
}
