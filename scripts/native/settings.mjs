// A file of KEY=value pairs, and the ports in it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Problem } from './problem.mjs';
import { isTaken } from './processes.mjs';

/** The KEY=value pairs of a file. Each change is written. */
export class Settings {
  /** @type {Map<string, string>} */
  #values;
  #file;
  /** @type {Set<number>} */
  #chosen = new Set();

  /** @param {string} file */
  constructor(file) {
    this.#file = file;
    this.#values = readSettings(file);
  }

  /** @param {string} key */
  get(key) {
    return this.#values.get(key) ?? '';
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  set(key, value) {
    this.#values.set(key, value);
    const lines = [...this.#values].map(([name, text]) => `${name}=${text}\n`);
    writeFileSync(this.#file, lines.join(''));
  }

  /**
   * Chooses a free port and remembers it. The wish in the environment comes first, then the port
   * that was remembered, then `ordinary`; where something else holds that one, the next free one.
   *
   * @param {string} key
   * @param {number} ordinary
   */
  async choosePort(key, ordinary) {
    const text = process.env[key] || this.get(key) || String(ordinary);
    const wish = Number(text);
    if (!/^[1-9]\d*$/.test(text) || wish > 65_535) {
      throw new Problem(`${key} is "${text}": it must be a port from 1 to 65535`);
    }
    let port = wish;
    while (this.#chosen.has(port) || (await isTaken(port))) {
      if (++port > 65_535) {
        throw new Problem(`no port from ${wish} up is free for ${key}: set ${key} to a free one`);
      }
    }
    if (port !== wish) process.stderr.write(`port ${wish} is taken: ${key} is ${port}\n`);
    this.#chosen.add(port);
    this.set(key, String(port));
  }
}

/**
 * @param {string} file
 * @returns {Map<string, string>}
 */
export function readSettings(file) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      return key !== undefined && value !== undefined ? [[key, value]] : [];
    }),
  );
}
