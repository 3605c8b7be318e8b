import { describeProblem, PROBLEMS_OF_NO_CALL } from '../problem-codes.ts';
import { withExamples } from './shared.ts';

/** What stands above the calls: how to begin, and what holds for each of them. */
export const INTRODUCTION = [
  'Loads CSV event files into PostgreSQL, each exactly once, every bad row kept with its line and reason.',
  '',
  '[**← Dashboard**](../) · [this description as JSON](../openapi.json)',
  '',
  withExamples(
    '### Begin here\n\nWrites a small file with one bad row, sends it, and lists what became of it. Each command on this page works as it stands in such ' +
      'a folder; in place of `7` write the `fileId` that the upload has answered.',
    "cat > events.csv <<'END'",
    'user_id,event_type,event_timestamp,product_id,product_name,product_price,session_id',
    'U000062,view,2024-01-15T10:30:00Z,P0001,Wireless Mouse,19.99,s-1',
    'U000062,purchase,2024-01-15T10:31:00Z,P0001,Wireless Mouse,19.99,s-1',
    'U000099,purchase,2024-01-15T10:35:00Z,P0001,Wireless Mouse,free,s-2',
    'END',
    'curl -F file=@events.csv "http://localhost:3000/uploads?wait=30"',
    'curl http://localhost:3000/ingestion/files',
  ),
  '',
  '### With an API key',
  '',
  'Where the service was started with `API_KEY`, add `-H "Authorization: Bearer $API_KEY"` to each `curl`; on this page, ' +
    'press *Authorize* and enter the key. Probes, this page and the empty dashboard need none.',
  '',
  '### Lists',
  '',
  'Lists come in pages of `limit` rows. `nextCursor` of a page, given as `cursor`, leads to the next; it is null on the last.',
  '',
  '### Errors',
  '',
  'Errors are problem documents ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)), `application/problem+json`. Programs go by `code`, which is stable; ' +
    '`detail` is for people and says what is wrong, where, and what to do. Each call lists the codes that it may answer. ' +
    'Where there is a `Retry-After` header, the same request is worth a second try. These come before it is known which call is meant:',
  '',
  ...PROBLEMS_OF_NO_CALL.map((code) => `- ${describeProblem(code)}`),
].join('\n');
