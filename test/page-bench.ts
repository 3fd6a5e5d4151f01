import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { open, type Seen, startChromium } from './browser.ts';
import type { Run } from './processes.ts';
import { Proxy } from './proxy.ts';
import { Sandbox } from './sandbox.ts';
import { Served } from './scrape.ts';

/** The name of a file, and what a trigger raises, as somebody might choose them who means harm. */
export const HOSTILE_FILE = `<img src=x onerror="document.title='owned'">.csv`;
export const HOSTILE_REASON = `<img src=x onerror=alert(1)> is <b>refused</b>`;

const ROWS = [
  'Ann,ann@page.example',
  'Bob,bob@page.example',
  'Cid,cid@page.example',
  'Ann again,ann@page.example',
  'Dee,no address',
  'Eve,eve@refused.example',
];

/** A consumer whose status page is open in a browser. */
export function pageBench() {
  let sandbox: Sandbox;
  let folder: string;
  let browser: Browser;
  let page: Page;
  let seen: Seen;
  let consumer: Run;
  let url: string;
  let way: Proxy;

  beforeAll(async () => {
    sandbox = await Sandbox.create();
    folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
    await sandbox.declareQueue();
    await sandbox.migrate();
    await sandbox.pool.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.email LIKE '%@refused.example' THEN RAISE EXCEPTION '${HOSTILE_REASON}'; END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION refuse()`);
    browser = await startChromium();
    const { hostname, port } = sandbox.databaseUrl;
    way = await Proxy.start(hostname, Number(port));
    const env = { FC_CONSUMER_DB_HOST: '127.0.0.1', FC_CONSUMER_DB_PORT: String(way.port) };
    consumer = sandbox.start('consumer', ['--metrics-addr', '0'], env);
    url = `${(await Served.by(consumer)).url}/`;
    [page, seen] = await open(browser, url);
    await isThere(page);
  });
  afterAll(async () => {
    await browser.close();
    await way.close();
    await sandbox.destroy();
    await rm(folder, { recursive: true });
  });

  return {
    get browser() {
      return browser;
    },
    /** The page, which stays open. */
    get page() {
      return page;
    },
    /** What went wrong in it. */
    get seen() {
      return seen;
    },
    get url() {
      return url;
    },
    get consumer() {
      return consumer;
    },
    /** Whose servers it works with. */
    get sandbox() {
      return sandbox;
    },
    /** The way to the database. */
    get way() {
      return way;
    },

    /** Imports six rows, of which three are stored and one is dead, and waits until the page shows that. */
    async importFile(): Promise<void> {
      const file = join(folder, HOSTILE_FILE);
      await writeFile(file, `${ROWS.join('\n')}\n`);
      await sandbox.start('producer', ['--file', file]).succeeds();
      await page.locator('tbody.complete').waitFor();
      // the letter is sent behind the commit
      await page.locator('#dead-depth', { hasText: /^1$/ }).waitFor();
      await page.locator('#refused').waitFor();
    },
  };
}

/** The page has told what it knows. */
export async function isThere(page: Page): Promise<void> {
  await page.locator('#main').waitFor();
}
