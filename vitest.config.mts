import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{libs,producer,consumer}/test/**/*.test.ts', 'test/*.test.ts'],
    // they wait for programs and servers half of the time
    maxWorkers: availableParallelism() + 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
