import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, it } from 'vitest';
import { open, startChromium } from '../browser.ts';
import { Sandbox, until } from '../sandbox.ts';
import { Served } from '../scrape.ts';
import { playScene } from './scene.ts';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));
/** How long the scene is looked at, in milliseconds, so that the charts have something to show. */
const WATCHED = Number(process.env['WATCHED'] ?? 270_000);

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.create();
  await sandbox.migrate();
  await sandbox.declareQueue();
});
afterAll(async () => {
  await sandbox.destroy();
});

/** Takes a picture for the documents, of as few bytes as show the same. */
async function picture(page: Page, name: string, fullPage = false): Promise<void> {
  const path = `${DOCS}${name}`;
  // charts follow the window and its colours with the next frame
  await page.evaluate(
    'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
  );
  await page.screenshot({ path, fullPage, animations: 'disabled' });
  execFileSync('pngquant', ['--force', '--strip', '--speed', '1', '--output', path, '64', path]);
}

it('pictures of the status page', async () => {
  const browser = await startChromium();
  const consumer = sandbox.start('consumer', ['--metrics-addr', '0', '--parallel', '1']);
  const served = await Served.by(consumer);
  const scene = await playScene(sandbox);
  const [page] = await open(browser, `${served.url}/`, { viewport: { width: 1160, height: 900 } });
  await page.waitForTimeout(WATCHED);
  await scene.sendMore();
  const stored = page.locator('tbody.running', { hasText: 'suppliers.csv' }).locator('td.inserted');
  await until('a part of it is stored', async () => {
    return Number((await stored.textContent())?.replaceAll(',', '')) > 200_000;
  });
  await picture(page, 'status-page.png', true);
  await page.setViewportSize({ width: 390, height: 1_060 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture(page, 'status-page-phone.png');
  await scene.end();
  await browser.close();
});
