import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{libs,producer,consumer}/test/**/*.test.ts', 'test/*.test.ts'],
    globalSetup: ['test/template.ts'],
    // they wait for programs and servers half of the time; by default one processor would be idle
    maxWorkers: availableParallelism(),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
