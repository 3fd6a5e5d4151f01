import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { describe } from 'vitest';
import { findChromium } from '../scripts/native/programs.mjs';

const program = findChromium();
if (program === undefined) {
  process.stderr.write('chromium is not here: tests of the status page in a browser are skipped\n');
}

/** Tests that need Chromium, and are left out where there is none. */
export const describeWithChromium = describe.skipIf(program === undefined);

/** What went wrong in a page, as its console tells it, and which addresses it asked. */
export interface Seen {
  problems: string[];
  hosts: Set<string>;
}

/** Starts Chromium without a window. */
export async function startChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: program ?? '',
    // root has no sandbox of the kind that Chromium wants
    args: ['--no-sandbox', '--disable-gpu'],
  });
}

/** Opens an address in a new context, and watches what happens there. */
export async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<[page: Page, seen: Seen]> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const seen: Seen = { problems: [], hosts: new Set() };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.problems.push(message.text());
  });
  page.on('pageerror', (error) => seen.problems.push(error.message));
  page.on('request', (request) => seen.hosts.add(new URL(request.url()).host));
  await page.goto(url);
  return [page, seen];
}

/** How often each role is in the tree that the browser hands to a screen reader. */
export async function rolesIn(page: Page): Promise<Record<string, number>> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  const roles: Record<string, number> = {};
  for (const { ignored, role } of nodes) {
    const name = String(role?.value);
    if (!ignored) roles[name] = (roles[name] ?? 0) + 1;
  }
  return roles;
}

/** Scripts that find what some people could not read. */
export const whatIsWrong = {
  /** Text below 4.5 to 1, and the colours of outcomes below 3 to 1, beside what they are on. */
  withContrast: `(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const rgb = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = (colour) => {
      const [r, g, b] = rgb(colour).map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (a, b) => {
      const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
      return (light + 0.05) / (dark + 0.05);
    };
    const behind = (element) => {
      for (let e = element; e; e = e.parentElement) {
        const { backgroundColor } = getComputedStyle(e);
        if (rgb(backgroundColor)[3] > 0) return backgroundColor;
      }
    };
    const wrong = [];
    const tell = (element, found) => wrong.push(element.outerHTML.slice(0, 80) + ' ' + found.toFixed(2));
    for (const element of document.body.querySelectorAll('*')) {
      if (!element.checkVisibility()) continue;
      const isText = [...element.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim());
      const found = contrast(getComputedStyle(element).color, behind(element));
      if (isText && found < 4.5) tell(element, found);
    }
    for (const part of document.querySelectorAll('.part:not(.pending)')) {
      const { backgroundColor } = getComputedStyle(part);
      const found = contrast(backgroundColor, behind(part.parentElement));
      if (found < 3) tell(part, found);
    }
    return wrong;
  })()`,

  /** What is wider than the window, or reaches out of it. */
  withWidth: `(() => {
    const width = document.documentElement.clientWidth;
    const wrong = [...document.body.querySelectorAll('*')].filter((element) => {
      const { right, left } = element.getBoundingClientRect();
      return element.checkVisibility() && !element.closest('.skip, thead, .chart') && (right > width || left < 0);
    });
    const isScrolled = document.documentElement.scrollWidth > width;
    return [...(isScrolled ? ['it scrolls sideways'] : []), ...wrong.map(({ outerHTML }) => outerHTML.slice(0, 80))];
  })()`,
} as const;
