import { spawn } from 'node:child_process';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Run } from './processes.ts';
import { until } from './sandbox.ts';

/** What the project sets up Prometheus with. */
export const CONFIGURATION = fileURLToPath(
  new URL('../env/observability/prometheus/', import.meta.url),
);

/** One series of an answer. */
export interface Sample {
  metric: Record<string, string>;
  value: number;
}

export interface Rule {
  name: string;
  query: string;
  /** `ok` once it was evaluated. */
  health: string;
  state: string;
}

/**
 * A real Prometheus with the project's configuration and alerts. Only where it finds what it scrapes is
 * different, and it does so twice a second.
 */
export class Prometheus {
  readonly #run: Run;
  readonly #base: string;

  private constructor(run: Run, base: string) {
    this.#run = run;
    this.#base = base;
  }

  /**
   * @param folder for its configuration and its data.
   * @param targets the address of each job of the configuration.
   */
  static async start(folder: string, targets: Record<string, string>): Promise<Prometheus> {
    const configuration = await readFile(join(CONFIGURATION, 'prometheus.yml'), 'utf8');
    const file = join(folder, 'prometheus.yml');
    await writeFile(file, withTargets(configuration, targets));
    await copyFile(join(CONFIGURATION, 'alerts.yml'), join(folder, 'alerts.yml'));
    const data = join(folder, 'data');
    const run = new Run(
      spawn('prometheus', [
        `--config.file=${file}`,
        `--storage.tsdb.path=${data}`,
        '--web.listen-address=127.0.0.1:0',
      ]),
    );
    await until('Prometheus is ready', () => run.stderr.includes('Server is ready')).catch(
      (error: unknown) => {
        run.kill('SIGKILL');
        throw error;
      },
    );
    const [, address] = /msg="Listening on".* address=(\S+)/.exec(run.stderr) ?? [];
    return new Prometheus(run, `http://${address}/api/v1/`);
  }

  async stop(): Promise<void> {
    this.#run.kill('SIGTERM');
    await this.#run.exit;
  }

  /** What an expression is now. @throws Error when it is none. */
  async query(expression: string): Promise<Sample[]> {
    const query = new URLSearchParams({ query: expression });
    const { result } = (await this.#get(`query?${query.toString()}`)) as {
      result: { metric: Record<string, string>; value: [time: number, value: string] }[];
    };
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  async rules(): Promise<Rule[]> {
    const { groups } = (await this.#get('rules')) as { groups: { rules: Rule[] }[] };
    return groups.flatMap(({ rules }) => rules);
  }

  async #get(path: string): Promise<unknown> {
    const response = await fetch(this.#base + path);
    const { data, error } = (await response.json()) as { data?: unknown; error?: string };
    if (error !== undefined) throw new Error(`${path}: ${error}`);
    return data;
  }
}

/** The configuration with an address for each job in place of how it is discovered. */
function withTargets(configuration: string, targets: Record<string, string>): string {
  const discovery =
    /(- job_name: (\S+)\n(?:.*\n)*?) {4}(?:dns_sd|static)_configs:\n(?: {6,}.*(?:\n|$))+/g;
  return configuration
    .replaceAll(/_interval: 5s$/gm, '_interval: 500ms')
    .replaceAll(discovery, (_, job: string, name: string) => {
      const target = targets[name];
      if (target === undefined) throw new Error(`the job ${name} has no target`);
      return `${job}    static_configs: [{ targets: ['${target}'] }]\n`;
    });
}
