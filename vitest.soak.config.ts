import { defineConfig } from 'vitest/config';

/** The long tier, `npm run test:soak`: tests that go on for as long as they are told. */
export default defineConfig({
  test: {
    include: ['test/soak/**/*.soak.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    disableConsoleIntercept: true,
    maxWorkers: 1,
  },
});
