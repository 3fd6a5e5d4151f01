import { expect, it } from 'vitest';
import { describeWithChromium, open, whatIsWrong } from './browser.ts';
import { HOSTILE_FILE, HOSTILE_REASON, isThere, pageBench } from './page-bench.ts';
import { until } from './sandbox.ts';

describeWithChromium('the status page', () => {
  const bench = pageBench();

  it('shows an import to the row, and what others named is text', async () => {
    expect(await bench.page.locator('#imports-more').textContent()).toBe(
      'No import is in the ledger.',
    );
    await bench.importFile();
    const row = bench.page.locator('tbody.complete');
    const texts = (selector: string) => row.locator(selector).allTextContents();
    expect(await texts('.file')).toEqual([HOSTILE_FILE]);
    const headings = await bench.page.locator('#imports thead th').allTextContents();
    const numbers = await texts('.number');
    expect(headings).toHaveLength(2 + numbers.length);
    const named = new Map(headings.map((heading, at) => [heading.trim(), numbers[at - 2]]));
    expect(Object.fromEntries(named)).toMatchObject({
      Read: '6',
      Inserted: '3',
      Duplicate: '1',
      Skipped: '0',
      Rejected: '1',
      Dead: '1',
      Pending: '0',
    });
    expect(await row.getByRole('img').getAttribute('aria-label')).toBe(
      '50% inserted (3 rows), 17% duplicate (1 row), 17% rejected (1 row), 17% dead (1 row)',
    );
    expect(await bench.page.locator('#refused tbody td').allTextContents()).toEqual([
      HOSTILE_REASON,
      '1',
    ]);
    expect(await bench.page.locator('#dead-depth').textContent()).toBe('1');
    expect(await bench.page.locator('#depth').textContent()).toBe('0');
    expect(await bench.page.locator('#servers .words').allTextContents()).toEqual(['up', 'up']);
    expect(await bench.page.locator('#route').textContent()).toBe('queue csv2db → table contacts');
    // the rows are in a slot of the chart that has ended
    const rates = bench.page.locator('#rates');
    await until('the chart has them', async () => {
      return /at most [1-9]/.test((await rates.getAttribute('aria-label')) ?? '');
    });
    expect(await rates.locator('canvas').count()).toBe(1);
    expect(await bench.page.title()).toBe('csv2db');
    expect(bench.seen.problems).toEqual([]);
    expect([...bench.seen.hosts]).toEqual([new URL(bench.url).host]);
  });

  it('may do nothing but what its policy allows', async () => {
    const [page, seen] = await open(bench.browser, bench.url);
    await isThere(page);
    const refused = await page.evaluate<string[]>(`(async () => {
      const refused = [];
      const attempt = async (name, work) => { try { await work(); } catch { refused.push(name); } };
      await attempt('fetch', () => fetch('http://127.0.0.1:1/'));
      await attempt('markup', () => { document.body.innerHTML = '<p>'; });
      return refused;
    })()`);
    expect(refused).toEqual(['fetch', 'markup']);
    expect(seen.problems.join()).toMatch(/Content Security Policy/);
    const { headers } = await fetch(bench.url);
    expect(headers.get('content-security-policy')).not.toContain('unsafe');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    await page.context().close();
  });

  it('asks for nothing while it is paused, or nobody sees it', async () => {
    const page = await bench.browser.newPage();
    await page.clock.install();
    let asked = 0;
    page.on('request', (request) => (asked += request.url().endsWith('/status.json') ? 1 : 0));
    await page.goto(bench.url);
    await isThere(page);
    const asksAgain = async (): Promise<void> => {
      await page.waitForResponse(/status\.json$/);
    };
    const asksNoMore = async (): Promise<void> => {
      const before = asked;
      await page.clock.fastForward(60_000);
      await page.evaluate('document.title');
      expect(asked).toBe(before);
    };
    await asksAgain();
    await page.getByRole('button', { name: 'Pause' }).click();
    await asksNoMore();
    await Promise.all([asksAgain(), page.getByRole('button', { name: 'Resume' }).click()]);
    const hide = (hidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await hide(true);
    await asksNoMore();
    await Promise.all([asksAgain(), hide(false)]);
    await page.context().close();
  });

  it('says that it is paused, and since when; once to somebody who has it read aloud', async () => {
    const [page, seen] = await open(bench.browser, bench.url);
    await isThere(page);
    const title = page.locator('#now-title');
    const sign = () =>
      page.evaluate("getComputedStyle(document.querySelector('.words'), '::before').content");
    expect(await title.textContent()).toBe('Now');
    expect(await sign()).toBe('none');
    await page.getByRole('button', { name: 'Pause' }).click();
    expect(await title.textContent()).toMatch(/^Paused since \d\d:\d\d:\d\d$/);
    expect(await page.getByRole('status').textContent()).toBe(`${await title.textContent()}.`);
    expect(await page.locator('[role=status], [role=alert], [aria-live], output').count()).toBe(1);
    expect(await sign()).toBe('"was "');
    expect(await page.evaluate<string[]>(whatIsWrong.withContrast)).toEqual([]);
    await page.getByRole('button', { name: 'Resume' }).click();
    expect(await title.textContent()).toBe('Now');
    expect(await page.getByRole('status').textContent()).toBe('Resumed.');
    expect(await sign()).toBe('none');
    expect(seen.problems).toEqual([]);
    await page.context().close();
  });

  it('says that it can not show an answer, and goes on with the next', async () => {
    const [page] = await open(bench.browser, bench.url);
    await isThere(page);
    await page.route('**/status.json', async (route) => {
      const response = await route.fetch();
      const text = (await response.text()).replaceAll(/"begun":"[^"]*"/g, '"begun":"then"');
      await route.fulfill({ response, body: text });
    });
    const lost = page.locator('#lost');
    await lost.waitFor();
    expect(await lost.textContent()).toMatch(
      /^This page can't show what the consumer answers \(RangeError: .*\)\. These numbers are of \d\d:\d\d:\d\d\.$/,
    );
    await page.unroute('**/status.json');
    await lost.waitFor({ state: 'hidden' });
    await page.context().close();
  });

  it('says that it needs JavaScript where there is none', async () => {
    const [page] = await open(bench.browser, bench.url, { javaScriptEnabled: false });
    expect(await page.locator('noscript').textContent()).toContain('consumer status --watch');
    expect(await page.locator('noscript p').isVisible()).toBe(true);
    await page.context().close();
  });

  it('says that a server is down and why, and marks what is old', async () => {
    await bench.way.close();
    // the connection that is cut first may be told as reset
    const words = bench.page.locator('#database-server.down .words', {
      hasText: /^down: PostgreSQL at .* can't be reached: connection refused$/,
    });
    await words.waitFor();
    expect(await bench.page.locator('#ledger-note').textContent()).toMatch(
      /^PostgreSQL at .*\. These numbers are of \d\d:\d\d:\d\d\.$/,
    );
    expect(await bench.page.locator('#imports.old .file').textContent()).toBe(HOSTILE_FILE);
    expect(await bench.page.locator('#queue-server .words').textContent()).toBe('up');
    expect(await bench.page.getByRole('status').textContent()).toBe('PostgreSQL is down.');
    expect(await bench.page.evaluate<string[]>(whatIsWrong.withContrast)).toEqual([]);
    await bench.page.setViewportSize({ width: 360, height: 800 });
    expect(await bench.page.evaluate<string[]>(whatIsWrong.withWidth)).toEqual([]);
    await bench.way.reopen();
    await bench.page.locator('#database-server.up').waitFor();
    expect(await bench.page.locator('#ledger-note').isVisible()).toBe(false);
    expect(await bench.page.locator('#imports.old').count()).toBe(0);
    expect(bench.seen.problems).toEqual([]);
  });

  it('says that the consumer has ended, and of when its numbers are', async () => {
    bench.consumer.kill('SIGTERM');
    expect(await bench.consumer.exit).toBe(0);
    await bench.page.locator('#lost').waitFor();
    const lost =
      /^The consumer does not answer: it has stopped, or the way to it is cut\. These numbers are of \d\d:\d\d:\d\d\.$/;
    expect(await bench.page.locator('#lost').textContent()).toMatch(lost);
    expect(await bench.page.getByRole('status').textContent()).toMatch(lost);
    expect(await bench.page.locator('#imports .file').textContent()).toBe(HOSTILE_FILE);
    expect(await bench.page.evaluate<string[]>(whatIsWrong.withContrast)).toEqual([]);
  });
});
