import { isIP } from 'node:net';

/**
 * Whether a request came under a name that leads nowhere but here. A foreign site can have its own name
 * resolve to 127.0.0.1, and its scripts would then read what is served to this machine only
 * (DNS rebinding); it can't do so with an IP address, or with `localhost`.
 *
 * @param header the header `Host`; whoever sends none is no browser.
 * @param given the host that a person asked to listen on, which is one more name.
 */
export function isOwnName(header: string | undefined, given: string): boolean {
  if (header === undefined) return true;
  const name = header.replace(/:\d*$/, '').toLowerCase();
  const address = name.replace(/^\[(.*)\]$/, '$1');
  return isIP(address) !== 0 || /(^|\.)localhost$/.test(name) || name === given.toLowerCase();
}

/** Whether an address is one that only this machine reaches. */
export function isLoopback(address: string): boolean {
  return /^(127\.|::1$|::ffff:127\.)/.test(address);
}
