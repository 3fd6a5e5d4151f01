import axe from 'axe-core';
import { beforeAll, expect, it } from 'vitest';
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
});
