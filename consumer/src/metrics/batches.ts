import { Counter, exponentialBuckets, Histogram, type Registry } from 'prom-client';
import type { Delivery, Outcome } from '../batch.ts';
import { publishedAt } from './published-at.ts';

/** What becomes of a row. */
const OUTCOMES = ['inserted', 'duplicate', 'skipped', 'dead'] as const;

/** Counts batches, each once it is acknowledged. */
export class BatchMetrics {
  readonly #rows: Counter<'outcome'>;
  readonly #messages: Counter;
  readonly #batchRows: Histogram;
  readonly #bytes: Histogram;
  readonly #seconds: Histogram;
  readonly #latency: Histogram;

  /** @param prefix what the names begin with. */
  constructor(prefix: string, registry: Registry) {
    const registers = [registry];
    this.#rows = new Counter({
      name: `${prefix}_rows_total`,
      help: 'Rows of acknowledged messages, by what became of them.',
      labelNames: ['outcome'],
      registers,
    });
    this.#messages = new Counter({
      name: `${prefix}_acknowledged_messages_total`,
      help: 'Messages whose rows are all in the database or the dead-letter queue.',
      registers,
    });
    this.#batchRows = new Histogram({
      name: `${prefix}_batch_rows`,
      help: 'Rows of a batch.',
      buckets: exponentialBuckets(1, 4, 9),
      registers,
    });
    this.#bytes = new Histogram({
      name: `${prefix}_batch_bytes`,
      help: 'Bytes of the message bodies of a batch.',
      buckets: exponentialBuckets(1024, 4, 8),
      registers,
    });
    this.#seconds = new Histogram({
      name: `${prefix}_batch_seconds`,
      help: 'Time to store and acknowledge a batch, with outages.',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    });
    this.#latency = new Histogram({
      name: `${prefix}_publish_to_commit_seconds`,
      help: 'Time from the publishing of the first message of a batch to the commit of the batch.',
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600],
      registers,
    });
    for (const outcome of OUTCOMES) this.#rows.inc({ outcome }, 0);
  }

  count(batch: readonly Delivery[], outcome: Outcome, milliseconds: number): void {
    const { inserted, duplicates, skipped, refusals } = outcome;
    this.#rows.inc({ outcome: 'inserted' }, inserted);
    this.#rows.inc({ outcome: 'duplicate' }, duplicates);
    this.#rows.inc({ outcome: 'skipped' }, skipped.length);
    this.#rows.inc({ outcome: 'dead' }, refusals.length);
    this.#messages.inc(batch.length);
    this.#batchRows.observe(inserted + duplicates + skipped.length + refusals.length);
    this.#bytes.observe(batch.reduce((sum, { content }) => sum + content.length, 0));
    this.#seconds.observe(milliseconds / 1000);
    // the first one has waited for the longest; one look a batch costs nothing
    const published = batch[0] && publishedAt(batch[0]);
    // clocks of two machines may differ
    if (published !== undefined) this.#latency.observe(Math.max(0, Date.now() - published) / 1000);
  }
}
