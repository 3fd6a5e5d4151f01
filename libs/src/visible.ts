/** Characters that leave no mark of their own: spaces beyond ASCII, and those of no width. */
const UNSEEN = /[\p{Zs}\p{Cf}\u034f]/gu;
const OUTER_SPACES = /^ +| +$/g;
/** Longest text that is shown whole, in characters. */
const LONGEST = 300;

/**
 * A text in quotes, for a message, in which everything can be seen: what has no mark of its own,
 * and spaces at the ends, are escapes as in JSON.
 */
export function visible(text: string): string {
  const shown = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  const quoted = JSON.stringify(shown).slice(1, -1);
  return `"${quoted.replaceAll(UNSEEN, (seen) => (seen === ' ' ? seen : escapes(seen))).replaceAll(OUTER_SPACES, escapes)}"`;
}

function escapes(text: string): string {
  return Array.from(text, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  }).join('');
}

/**
 * A text with what a terminal would obey, or not show, escaped as in JSON. Tabs and line ends stay as
 * they are.
 */
export function printable(line: string): string {
  return line.replaceAll(/[^\P{C}\t\n]/gu, (characters) =>
    Array.from({ length: characters.length }, (_, unit) => {
      return `\\u${characters.charCodeAt(unit).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}
