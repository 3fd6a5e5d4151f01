import { spawnSync } from 'node:child_process';
import type { Run } from './processes.ts';

/** What a program serves with `--metrics-addr`. */
export class Served {
  /** Where, without a slash at the end. */
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  /** Waits until the program tells where. */
  static async by(run: Run): Promise<Served> {
    const { url } = await run.logged(/metrics are at /);
    return new Served(String(url).replace('/metrics', ''));
  }

  async fetch(path: string, method = 'GET'): Promise<Response> {
    return await fetch(this.url + path, { method });
  }

  async text(path: string): Promise<string> {
    return await (await this.fetch(path)).text();
  }

  /** The status and the JSON of an answer. */
  async get(path: string): Promise<[status: number, json: Record<string, string>]> {
    const response = await this.fetch(path);
    return [response.status, (await response.json()) as Record<string, string>];
  }

  /** The numbers of a scrape. */
  async samples(): Promise<Map<string, number>> {
    return samples(await this.text('/metrics'));
  }
}

/** The numbers of Prometheus' text format, by name and labels. */
export function samples(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

/** What promtool finds wrong with metrics; nothing when they are as they should be. */
export function promtool(text: string): string {
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  if (error) throw error;
  return status === 0 ? stdout + stderr : `status ${status}: ${stdout}${stderr}`;
}
