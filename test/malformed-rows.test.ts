import { describe, expect, it } from 'vitest';
import { workbench } from './workbench.ts';

const bench = workbench();

describe('a row has one outcome', () => {
  // the parser told where the malformed field began, and the row was parted there
  it('when it is malformed behind its second field', async () => {
    const file = await bench.fileOf(
      'Amy,amy@example.org,"x"y\nBob,bob@example.org, "x"\nCid,cid@example.org,5" pipe\n' +
        'Dan,dan@example.org\n"Eve", "eve@example.org"\n"Flo","flo@example.org" \n',
    );
    const { status, summary, messages, output } = await bench.produce(['--file', file]);
    expect(status, output).toBe(0);
    expect(summary).toMatchObject({ read: 6, published: 1, rejected: 5 });
    expect(await bench.published()).toEqual([[4, 'dan@example.org']]);
    for (const line of [1, 2, 3, 5, 6]) {
      expect(messages.join('\n')).toContain(`row ${line} (line ${line}) rejected: `);
    }
  });

  it('and the rows behind it have their numbers', async () => {
    const rows = Array.from({ length: 6_000 }, (_, n) => `N${n + 1},n${n + 1}@example.org\n`);
    rows[2_999] = 'Amy,amy@example.org,"vip" yes\n';
    const { messages } = await bench.produce(['--file', await bench.fileOf(rows.join(''))]);
    expect(messages.join('\n')).toContain('row 3000 (line 3000) rejected: ');
    const all = await bench.published();
    expect(all).toHaveLength(5_999);
    expect(all.every(([row, email]) => email === `n${row}@example.org`)).toBe(true);
  });
});
