/** How fields are told apart. */
export interface Dialect {
  /** One ASCII character. */
  delimiter: string;
  /** One ASCII character; undefined where none has a meaning. */
  quote: string | undefined;
}

/** The dialect of RFC 4180, and of messages. */
export const COMMAS: Dialect = { delimiter: ',', quote: '"' };
