import type { FastifySwaggerUiOptions } from '@fastify/swagger-ui';

/** The page's own scripts and styles, the pictures in them, and calls to this server; nothing else, from nowhere else. */
const POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'img-src': ["'self'", 'data:'],
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

/** What swagger-ui shows and nobody needs takes the room of what is needed, on a phone above all. */
const STYLE = `
.swagger-ui .info { margin: 24px 0; }
.swagger-ui .info > hgroup > a, .swagger-ui .info__license { display: none; }
.swagger-ui .response-col_links { display: none; }
.swagger-ui .renderedMarkdown li { margin: 4px 0; }
.swagger-ui .markdown pre, .swagger-ui .renderedMarkdown pre { margin: 8px 0 16px; overflow-x: auto; white-space: pre; }
.swagger-ui .renderedMarkdown code { overflow-wrap: anywhere; }
.swagger-ui .renderedMarkdown pre code { display: block; width: max-content; min-width: 100%; padding: 8px; white-space: pre; }
html.dark-mode .swagger-ui .headers td { color: inherit; }
@media (max-width: 640px) {
  .swagger-ui .wrapper { padding: 0 12px; }
  .swagger-ui table.responses-table { table-layout: fixed; }
  .swagger-ui .response-col_status { width: 48px; }
  .swagger-ui .opblock .opblock-summary { flex-wrap: wrap; }
  .swagger-ui table.parameters thead { display: none; }
  .swagger-ui table.parameters td { display: block; width: auto; min-width: 0; padding: 4px 0; }
}
`;

/**
 * As chosen in the dashboard, or as the system prefers. Dark colours are there, but only the top bar of swagger-ui would put them on,
 * and that comes with a style in its markup, which the policy forbids.
 */
const THEME = `
'use strict';
{
  const system = matchMedia('(prefers-color-scheme: dark)');
  let chosen;
  try {
    chosen = localStorage.getItem('sluice-theme');
  } catch {
    // A browser that keeps nothing for a page.
  }
  const follow = () => {
    const isDark = chosen === 'dark' || (chosen !== 'light' && system.matches);
    document.documentElement.classList.toggle('dark-mode', isDark);
  };
  system.addEventListener('change', follow);
  follow();
}
`;

/** The page that shows the description and tries its calls. */
export const DOCS_PAGE = {
  routePrefix: '/docs',
  staticCSP: POLICY,
  uiConfig: { layout: 'BaseLayout', docExpansion: 'list', deepLinking: true, defaultModelsExpandDepth: 0 },
  theme: {
    title: 'Sluice API',
    css: [{ filename: 'sluice.css', content: STYLE }],
    js: [{ filename: 'theme.js', content: THEME }],
  },
} satisfies FastifySwaggerUiOptions;
