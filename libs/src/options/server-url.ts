import { FatalError, messageOf } from '../errors.ts';

/** The parts of a URL of a server; those that it leaves out are undefined. */
export interface ServerUrl {
  scheme: string;
  user: string | undefined;
  password: string | undefined;
  host: string | undefined;
  port: number | undefined;
  /** What stands behind the first slash. */
  path: string | undefined;
  parameters: ReadonlyMap<string, string>;
}

/** What a URL of a kind of server may be. */
export interface UrlKind {
  /** The flag that gives it, for messages, in which no part of the URL is: it holds a password. */
  flag: string;
  schemes: readonly string[];
  example: string;
  parameters: readonly string[];
}

/**
 * Takes a URL apart, and decodes its parts.
 *
 * @throws FatalError when it is none of that kind.
 */
export function parseServerUrl(text: string, kind: UrlKind): ServerUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const scheme = url?.protocol.slice(0, -1) ?? '';
  // such a one is a part of a password, in which a slash or another separator stands as it is
  const isCut =
    url === undefined ||
    !text.includes('://') ||
    /@/.test(url.pathname + url.search + url.hash) ||
    url.hash !== '';
  if (isCut || !kind.schemes.includes(scheme)) {
    throw new FatalError(
      `${kind.flag} must be like ${kind.example}; in its parts, @ is %40, : %3A, / %2F, ? %3F, # %23 and % %25`,
    );
  }
  // a plus sign is one, and no space as in a form
  const parameters = new Map(new URLSearchParams(url.search.replaceAll('+', '%2B')));
  for (const [name, value] of parameters) {
    if (!kind.parameters.includes(name)) {
      const known = kind.parameters.join(', ');
      throw new FatalError(`${kind.flag} has a parameter "${name}": it may have ${known}`);
    }
    if (value !== '') continue;
    throw new FatalError(
      `${kind.flag} has an empty parameter "${name}": fill it in, or leave it out`,
    );
  }
  const part = (encoded: string): string | undefined => decoded(encoded, kind.flag) || undefined;
  return {
    scheme,
    user: part(url.username),
    password: part(url.password),
    host: part(url.hostname.replace(/^\[(.*)\]$/, '$1')),
    port: url.port === '' ? undefined : Number(url.port),
    path: part(url.pathname.slice(1)),
    parameters,
  };
}

/**
 * A parameter of a URL, as a value; undefined when the URL leaves it out.
 *
 * @throws FatalError when it is not valid.
 */
export function parameterOf<T>(
  { parameters }: Pick<ServerUrl, 'parameters'>,
  flag: string,
  name: string,
  parse: (text: string) => T,
): T | undefined {
  const text = parameters.get(name);
  if (text === undefined) return undefined;
  try {
    return parse(text);
  } catch (error) {
    throw new FatalError(`${flag} has ${name}=${text} in it. ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function decoded(text: string, flag: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new FatalError(`${flag} is not a valid percent-encoding: a percent sign itself is %25`);
  }
}

/** A text without the password of a URL in it; it may have any characters, quotes and spaces too. */
export function withoutPasswords(text: string): string {
  return text.replace(/(\w:\/\/[^\s:/@,]*):.*@/s, '$1:…@');
}

/** A URL, which is valid, without its password, to be given again. */
export function urlWithoutPassword(text: string): string {
  const url = new URL(text);
  url.password = '';
  return url.href;
}
