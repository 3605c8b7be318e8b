import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // They end tests that hang, on the slowest machine too; what has to be quick says so itself.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Each worker reads the modules once, not once for each of 160 files; nothing in src/ keeps state outside of what a test makes.
    isolate: false,
    // Most tests wait for a server or a file; more at once would only make each other late.
    maxWorkers: 2,
  },
});
