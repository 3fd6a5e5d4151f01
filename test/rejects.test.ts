import { describe, expect, it } from 'vitest';
import { workbench } from './workbench.ts';

const bench = workbench();

describe('rejected rows', () => {
  it.each<[string, string, string]>([
    ['spaces', 'A, a@example.org\nB,b@example.org \n', '"\\u0020a@example.org"'],
    ['a no-break space', 'A,a@example.org\u00a0\n', '"a@example.org\\u00a0"'],
    ['a zero-width space', 'A,a\u200b@example.org\n', '"a\\u200b@example.org"'],
  ])('are status 1 when there are no others, and show %s', async (_, content, shown) => {
    const { status, stderr, messages } = await bench.produce([
      '--file',
      await bench.fileOf(content),
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^error: nothing of \S+ was published: its rows are all rejected \(\d × the email is not valid\)\n$/,
    );
    expect(messages).toContain(`row 1 (line 1) rejected: the email is not valid: ${shown}`);
  });

  it('are told one by one up to ten, and then counted by reason', async () => {
    const bad = `${'x,y\n'.repeat(25)}${'\n,a@b\n'.repeat(5)}Ok,ok@example.org\n`;
    const { status, messages, summary } = await bench.produce(['--file', await bench.fileOf(bad)]);
    expect(status).toBe(0);
    expect(summary).toMatchObject({ read: 31, published: 1, rejected: 30 });
    expect(messages.filter((message) => /^row \d+/.test(message))).toHaveLength(10);
    expect(messages).toContain(
      'rejected by reason: 25 × the email is not valid, 5 × the name is empty',
    );
  });

  it.each([
    ['9', 1],
    ['10', 0],
    ['0.9%', 1],
    ['1%', 0],
  ])('of --max-rejects %s, when 10 of 1,000 are bad, are status %i', async (most, expected) => {
    const rows = Array.from({ length: 1_000 }, (_, n) => (n % 100 === 50 ? 'bad\n' : `N,${n}@b\n`));
    const file = await bench.fileOf(rows.join(''));
    const { status, stderr } = await bench.produce(['--file', file, '--max-rejects', most]);
    expect(status).toBe(expected);
    if (expected === 0) return;
    expect(stderr).toMatch(
      /^error: --max-rejects \S+: 10 of 1000 rows are rejected; 1000 rows are processed\. Go on with: [^\n]+\n$/,
    );
  });

  it('end an import early, when there are more than --max-rejects', async () => {
    const file = await bench.fileOf('bad\n'.repeat(200_000));
    const { status, summary } = await bench.produce(['--file', file, '--max-rejects', '5']);
    expect(status).toBe(1);
    expect(Number(summary?.['read'])).toBeLessThan(100_000);
  });
});
