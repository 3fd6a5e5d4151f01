import axe from 'axe-core';
import { beforeAll, expect, it } from 'vitest';
import { announce, write } from '../consumer/test/status/ledger.ts';
import { describeWithChromium, rolesIn, whatIsWrong } from './browser.ts';
import { isThere, pageBench } from './page-bench.ts';
import { until } from './sandbox.ts';

describeWithChromium('the status page', () => {
  const bench = pageBench();

  beforeAll(async () => {
    await bench.importFile();
  });

  it('can be read by everybody, in the light and in the dark, on a phone and on a screen', async () => {
    await bench.page.evaluate(axe.source);
    for (const colorScheme of ['light', 'dark'] as const) {
      await bench.page.emulateMedia({ colorScheme });
      for (const width of [320, 360, 768, 1280]) {
        await bench.page.setViewportSize({ width, height: 800 });
        const { violations } = await bench.page.evaluate<axe.AxeResults>('axe.run()');
        const found = violations.flatMap(({ id, nodes }) =>
          nodes.map(({ html }) => `${id}: ${html}`),
        );
        expect(found, colorScheme).toEqual([]);
        expect(await bench.page.evaluate<string[]>(whatIsWrong.withContrast), colorScheme).toEqual(
          [],
        );
        expect(await bench.page.evaluate<string[]>(whatIsWrong.withWidth), `${width}`).toEqual([]);
      }
    }
    const moves = "getComputedStyle(document.querySelector('.part')).transitionDuration";
    expect(await bench.page.evaluate(moves)).not.toBe('0s');
    await bench.page.emulateMedia({ reducedMotion: 'reduce' });
    expect(await bench.page.evaluate(moves)).toBe('0s');
    expect(bench.seen.problems).toEqual([]);
  });

  it('has no number alone in a line, where not all fit in one', async () => {
    const perLine = (selector: string) =>
      bench.page.evaluate<number[]>(`(() => {
        const lines = {};
        for (const element of document.querySelectorAll('${selector}')) {
          if (!element.checkVisibility()) continue;
          const { top } = element.getBoundingClientRect();
          lines[top] = (lines[top] ?? 0) + 1;
        }
        return Object.values(lines);
      })()`);
    for (const width of [600, 700, 768, 900, 990]) {
      await bench.page.setViewportSize({ width, height: 800 });
      expect(await perLine('#imports td.number'), `${width}`).toEqual([4, 4]);
      await bench.page.evaluate(
        "document.querySelector('#imports').classList.remove('no-skipped')",
      );
      expect(await perLine('#imports td.number'), `${width}`).toEqual([5, 4]);
      await bench.page.evaluate("document.querySelector('#imports').classList.add('no-skipped')");
      expect([[4], [2, 2]], `${width}`).toContainEqual(await perLine('.figures dd'));
    }
  });

  it('has tables, headings and landmarks for those who do not see it, on a phone, too', async () => {
    for (const width of [360, 1280]) {
      await bench.page.setViewportSize({ width, height: 800 });
      expect(await rolesIn(bench.page), `${width}`).toMatchObject({
        banner: 1,
        main: 1,
        contentinfo: 1,
        navigation: 1,
        // of dead letters, and of imports
        table: 2,
        columnheader: 2 + 10,
        rowheader: 1,
        cell: 2 + 10,
      });
      expect(await bench.page.getByRole('table', { name: 'Imports' }).count()).toBe(1);
      // WebKit takes what is not laid out as a table for none, unless it is told
      const untold = '#imports :is(thead, tbody, tr, th, td):not([role])';
      expect(await bench.page.locator(untold).count()).toBe(0);
      expect(await bench.page.getByRole('heading').allTextContents()).toEqual([
        'csv2db',
        'Now',
        'The last five minutes',
        'Dead letters by reason',
        'Imports',
      ]);
    }
  });

  it('is used by keyboard, in order, and shows where the focus is', async () => {
    const focused: string[] = [];
    for (let tab = 0; tab < 5; tab += 1) {
      await bench.page.keyboard.press('Tab');
      const [text, outline] = await bench.page.evaluate<[string, string]>(
        '[document.activeElement.textContent, getComputedStyle(document.activeElement).outlineStyle]',
      );
      focused.push(text);
      expect(outline, text).toBe('solid');
    }
    expect(focused).toEqual(['Skip to the imports', 'Pause', 'metrics', 'health', 'JSON']);
    await bench.page.reload();
    await isThere(bench.page);
    await bench.page.keyboard.press('Tab');
    await bench.page.keyboard.press('Enter');
    expect(await bench.page.evaluate('document.activeElement.id')).toBe('imports');
  });

  it('stays where it is while numbers change', async () => {
    const context = await bench.browser.newContext();
    const page = await context.newPage();
    await page.addInitScript(`window.shift = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) window.shift += entry.value;
      }).observe({ type: 'layout-shift', buffered: true })`);
    await page.goto(bench.url);
    await isThere(page);
    const asOf = page.locator('#as-of');
    const first = await asOf.textContent();
    await page.evaluate("window.file = document.querySelector('#imports .file')");
    await until('it is told again', async () => (await asOf.textContent()) !== first);
    expect(await page.evaluate("window.file === document.querySelector('#imports .file')")).toBe(
      true,
    );
    expect(await page.evaluate('window.shift')).toBe(0);
    // the news are for what happens, and not for each look
    expect(await page.getByRole('status').textContent()).toBe('');
    await context.close();
  });

  it('tells an estimate from what is known, in numbers, in the bar and in words', async () => {
    const { page, sandbox } = bench;
    await page.setViewportSize({ width: 320, height: 800 });
    const row = page.locator('tbody', { hasText: 'contacts.csv' });
    const shown = async (name: string) =>
      await row.locator(`td[data-name="${name}"]`).textContent();
    const pending = row.locator('.part.pending');
    const tell = (announcement: object) => announce(sandbox.pool, 'one', announcement);
    const covered = Array.from({ length: 300 }, (_, index) => index + 1);
    const entry = { covered, refused: [], rejected: [], skipped: [], inserted: 300 };
    await write(sandbox.pool, 'one', entry);
    await tell({});
    await row.locator('td', { hasText: /^300\+$/ }).waitFor();
    expect([await shown('pending'), await shown('left')]).toEqual(['?', '–']);
    expect(await pending.isVisible()).toBe(false);
    expect(await row.locator('.bar.open').count()).toBe(1);

    await tell({ estimate: { lastRow: 1_234, madeAt: 300 } });
    await row.locator('td', { hasText: /^~1,230$/ }).waitFor();
    expect(await shown('pending')).toBe('~934');
    expect(await shown('left')).toMatch(/^~\d.* (s|min)$/);
    expect(await row.getByRole('img').getAttribute('aria-label')).toBe(
      'of about 1,230 rows: 24% inserted (300 rows), 76% pending (about 934 rows)',
    );
    const style =
      "getComputedStyle(document.querySelector('tbody.running .pending.part')).borderTopStyle";
    expect(await page.evaluate(style)).toBe('dashed');
    expect(await row.locator('.bar.open').count()).toBe(0);
    expect(await page.evaluate<string[]>(whatIsWrong.withWidth)).toEqual([]);
    expect(await page.evaluate<string[]>(whatIsWrong.withContrast)).toEqual([]);

    await tell({ lastRow: 400, ended: '2026-11-26T15:56:03.000Z' });
    await row.locator('td', { hasText: /^400$/ }).waitFor();
    expect(await shown('pending')).toBe('100');
    expect(await page.evaluate(style)).toBe('solid');
    expect(bench.seen.problems).toEqual([]);
  });
});
