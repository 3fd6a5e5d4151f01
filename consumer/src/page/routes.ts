import type { Answer, Routes } from '@csv2db/libs/metrics/server.ts';
import icon from '../../page/icon.svg';
import html from '../../page/index.html';
import script from '../../page/main.ts?bundle';
import style from '../../page/page.css?bundle';
import type { Status } from '../../page/status.ts';

/**
 * What a browser lets the page do: use its own script, style and icon, and ask its own address. What is shown is text
 * that others chose, so that nothing may become markup, either.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

/** The page, and what it asks for each two seconds. */
export function pageRoutes(status: () => Promise<Status>): Routes {
  return {
    '/': file('text/html; charset=utf-8', html),
    '/page.js': file('text/javascript; charset=utf-8', script),
    '/page.css': file('text/css; charset=utf-8', style),
    '/icon.svg': file('image/svg+xml', icon),
    '/status.json': async () => answer('application/json', `${JSON.stringify(await status())}\n`),
  };
}

function file(type: string, body: string): () => Answer {
  return () => answer(type, body);
}

function answer(type: string, body: string): Answer {
  return { status: 200, type, body, headers: HEADERS };
}
