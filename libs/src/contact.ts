/** A row that may go into the table. */
export interface Contact {
  name: string;
  email: string;
}

/** Longest email accepted, in characters: the limit of an SMTP path (RFC 5321, 4.5.3.1.3). */
export const MAX_EMAIL_LENGTH = 254;

/**
 * The grammar of `<input type=email>`, as part of a regular expression:
 * https://html.spec.whatwg.org/#valid-e-mail-address
 */
export const EMAIL_PATTERN =
  /[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*/
    .source;

const WHOLE_EMAIL = new RegExp(`^${EMAIL_PATTERN}$`);

/**
 * Whether an address is one that a browser's email field accepts, and no longer than 254
 * characters.
 */
export function isEmail(text: string): boolean {
  return text.length <= MAX_EMAIL_LENGTH && WHOLE_EMAIL.test(text);
}

/** Why something is refused. */
export interface Problem {
  /** In words that are the same for all of its kind. */
  reason: string;
  /** The value that has it, where showing it helps. */
  value?: string;
}

/**
 * Why a name and an email do not make a contact; undefined when they do.
 *
 * PostgreSQL can't store NUL in text, so a name that has one is refused here, with its row number.
 */
export function contactProblem(name: string, email: string): Problem | undefined {
  if (name === '') return { reason: 'the name is empty' };
  if (name.includes('\0')) return { reason: 'the name contains a NUL character' };
  if (isEmail(email)) return undefined;
  if (email === '') return { reason: 'the email is empty' };
  if (email.length > MAX_EMAIL_LENGTH) {
    return { reason: `the email is longer than ${MAX_EMAIL_LENGTH} characters` };
  }
  return { reason: 'the email is not valid', value: email };
}
