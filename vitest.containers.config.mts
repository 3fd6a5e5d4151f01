import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/containers/**/*.test.ts'],
    // one engine, and few processors
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
