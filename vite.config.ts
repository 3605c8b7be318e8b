import { defineConfig } from 'vite';

export default defineConfig({
  root: 'src/dashboard',
  // Relative, so that the page also works behind a proxy that serves Sluice below a path.
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    // The policy of the page allows nothing inline: no script, no style, no data: picture.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome123', 'edge123', 'firefox121', 'safari17.5'],
    sourcemap: true,
  },
});
