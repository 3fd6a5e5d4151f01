import { clock } from './format.ts';
import type { Known } from './status.ts';

/** What is older is marked, in milliseconds: a look each two seconds may wait for a busy server. */
const OLD = 15_000;

/** Whether what is known is not of now, and what to say of it. */
export function noteOn({ value, at, problem }: Known<unknown>, now: number): string | undefined {
  const isOld = problem !== null || (at !== null && now - at > OLD);
  const when = value !== null && at !== null ? `These numbers are of ${clock(at)}.` : undefined;
  if (!isOld) return value === null ? 'Not known yet.' : undefined;
  return [problem === null ? undefined : `${sentence(problem)}.`, when].filter(Boolean).join(' ');
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
