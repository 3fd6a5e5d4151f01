// Bundles services into bin/, one executable each: node scripts/build.mjs [producer] [consumer]
import { chmod } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import manifest from '../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('..', import.meta.url));
const services = process.argv.length > 2 ? process.argv.slice(2) : ['producer', 'consumer'];

/**
 * What bounds the garbage. Young rows are collected after 4 MB of them rather than 16: by then
 * buffers many times as large have come together, which are let go with them. Old ones are
 * collected when the heap is 2.5 times as large as what was alive, rather than 4 times.
 */
const nodeOptions = '--max-semi-space-size=4 --heap-growing-percent=150';

const define = { VERSION: JSON.stringify(manifest.version) };

/**
 * What a browser runs, as text: `import script from './main.ts?bundle'`.
 *
 * @type {import('esbuild').Plugin}
 */
const browserBundles = {
  name: 'browser bundles',
  setup(plugin) {
    plugin.onResolve({ filter: /\?bundle$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.replace('?bundle', '')),
      namespace: 'bundle',
    }));
    plugin.onLoad({ filter: /./, namespace: 'bundle' }, async ({ path }) => {
      const {
        outputFiles: [file],
      } = await build({
        entryPoints: [path],
        bundle: true,
        minify: true,
        write: false,
        format: 'esm',
        target: ['chrome111', 'firefox115', 'safari16.4'],
        define,
      });
      return { contents: file?.text ?? '', loader: 'text' };
    });
  },
};

for (const service of services) {
  const outfile = `bin/${service}`;
  await build({
    absWorkingDir: root,
    entryPoints: [`${service}/src/main.ts`],
    outfile,
    bundle: true,
    minifySyntax: true,
    minifyWhitespace: true,
    platform: 'node',
    target: 'node20.19',
    // an executable without an extension is CommonJS wherever it is copied to
    format: 'cjs',
    banner: {
      js: `#!/usr/bin/env -S node ${nodeOptions}\nconst BUNDLE = require('node:url').pathToFileURL(__filename).href;`,
    },
    // a module asks where it is, and CommonJS has no such word
    define: { ...define, 'import.meta.url': 'BUNDLE' },
    loader: { '.sql': 'text', '.html': 'text', '.svg': 'text' },
    plugins: [browserBundles],
    // node-pg-migrate's loader of TypeScript migrations; ours are SQL
    alias: { jiti: './scripts/no-jiti.mjs' },
    external: ['pg-native'],
    logLevel: 'warning',
  });
  await chmod(`${root}${outfile}`, 0o755);
}
