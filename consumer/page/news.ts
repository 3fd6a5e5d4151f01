import { plural } from './format.ts';
import { nameOf } from './outcomes.ts';
import type { Status } from './status.ts';

/**
 * What has happened between two looks that is worth interrupting somebody for who has the page read aloud: not
 * the numbers, which change with each look.
 */
export function newsOf(before: Status, now: Status): string[] {
  const news: string[] = [];
  for (const [server, name] of [
    ['queue', 'RabbitMQ'],
    ['database', 'PostgreSQL'],
  ] as const) {
    const [wasUp, isUp] = [before, now].map(({ servers }) => servers[server].state !== 'down');
    if (wasUp && !isUp) news.push(`${name} is down`);
    if (!wasUp && isUp) news.push(`${name} is up`);
  }
  const known = new Map(before.ledger.value?.imports.map((row) => [row.id, row]));
  for (const row of now.ledger.value?.imports ?? []) {
    const old = known.get(row.id);
    if (!old && before.ledger.value) news.push(`${nameOf(row)} is ${row.state}`);
    if (!old || old.state === row.state) continue;
    const dead = row.dead > 0 ? `, with ${plural(row.dead, 'dead row')}` : '';
    news.push(`${nameOf(row)} is ${row.state}${dead}`);
  }
  return news;
}
