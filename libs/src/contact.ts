/** A row that may go into the table. */
export interface Contact {
  name: string;
  email: string;
}

/** Longest email accepted, in characters: the limit of an SMTP path (RFC 5321, 4.5.3.1.3). */
export const MAX_EMAIL_LENGTH = 254;

/** The grammar of `<input type=email>`: https://html.spec.whatwg.org/#valid-e-mail-address */
const EMAIL =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

/** Whether an address is one that a browser's email field accepts, and no longer than 254 characters. */
export function isEmail(text: string): boolean {
  return text.length <= MAX_EMAIL_LENGTH && EMAIL.test(text);
}

/**
 * Why a name and an email do not make a contact; undefined when they do.
 *
 * PostgreSQL can't store NUL in text, so a name that has one is refused here, with its row number.
 */
export function contactProblem(name: string, email: string): string | undefined {
  if (name === '') return 'the name is empty';
  if (name.includes('\0')) return 'the name contains a NUL character';
  if (isEmail(email)) return undefined;
  if (email === '') return 'the email is empty';
  if (email.length > MAX_EMAIL_LENGTH) {
    return `the email has ${email.length} characters, ${MAX_EMAIL_LENGTH} at most`;
  }
  return `${JSON.stringify(email)} is not a valid email`;
}
