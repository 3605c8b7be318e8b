import { Type } from '@sinclair/typebox';
import { isPlainName } from '../../ingest/explain/asked-place.ts';
import { findStanding } from '../../ingest/explain/find-standing.ts';
import { explain } from '../explanation/explain.ts';
import { HttpProblem } from '../problem.ts';
import { ExplanationSchema } from '../schemas/explanation.ts';
import { DATABASE_PROBLEMS, NO_NUL, problems, ref, withExamples } from '../schemas/shared.ts';
import type { App, Services } from '../services.ts';

const ExplainQuery = Type.Object({
  path: Type.Optional(
    Type.String({
      maxLength: 4096,
      pattern: NO_NUL,
      description:
        'of a file, absolute or beginning at the watched folder; nothing outside of that folder is looked at',
    }),
  ),
  name: Type.Optional(
    Type.String({
      maxLength: 255,
      pattern: NO_NUL,
      description:
        'of a file, without a folder: the one in the watched folder, also if it is no longer there; else the newest that a command has loaded',
    }),
  ),
});

/** Why a file is loaded, or not: the question that is asked most often. */
export function addExplainRoute(app: App, { config, database, watcher }: Services): void {
  app.get(
    '/ingestion/explain',
    {
      schema: {
        tags: ['ingestion'],
        summary: 'Why is a file loaded, or not?',
        description: withExamples(
          'Give either `path` or `name`. The answer says in a sentence what is so and what to do: never seen, left alone by which rule, still being ' +
            'written, waiting behind how many files, a duplicate of which file, failed why, loaded when.',
          'curl "http://localhost:3000/ingestion/explain?name=events.csv"',
        ),
        querystring: ExplainQuery,
        response: {
          200: ref(ExplanationSchema),
          ...problems('invalid_request', 'unauthorized', 'input_unavailable', ...DATABASE_PROBLEMS),
        },
      },
    },
    async ({ query }) => {
      const standing = await findStanding(askedFor(query), { database, watcher, configured: config.INPUT_DIR });
      const { SETTLE_MS: settleMs, RESCAN_MS: rescanMs } = config;
      return explain(standing, { directory: watcher.directory, settleMs, rescanMs });
    },
  );
}

/** @throws HttpProblem 400 unless exactly one of the two is given, and the name is no path */
function askedFor({ path = '', name = '' }: { path?: string; name?: string }): { path: string } | { name: string } {
  if ((path === '') === (name === ''))
    throw new HttpProblem('invalid_request', 'give either path or name, as in ?name=events.csv');
  if (path !== '') return { path };
  if (!isPlainName(name)) {
    const detail = `name must be the name of a file without a folder; ask with ?path=${encodeURIComponent(name)} for a path`;
    throw new HttpProblem('invalid_request', detail);
  }
  return { name };
}
