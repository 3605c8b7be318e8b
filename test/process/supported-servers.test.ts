import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import request from 'supertest';
import { expect, test } from 'vitest';
import { startEmbeddedPostgres } from '../../src/database/embedded/embedded-postgres.ts';
import { eventually } from '../support/eventually.ts';
import { withClient } from '../support/postgres.ts';
import { binariesOf, OLDER_VERSIONS } from '../support/postgres-versions.ts';
import { createTestDirectory, startTestService } from '../support/service.ts';

const SAMPLES = 'input_data';

interface ExpectedFile {
  readonly rowsRead: number;
  readonly rowsLoaded: number;
}

const versions = [...OLDER_VERSIONS, 18].map((major) => ({ major, binaries: binariesOf(major) }));

test.each(versions)('PostgreSQL $major is migrated, loaded into and queried', async ({ major, binaries }) => {
  const dataDirectory = await createTestDirectory();
  const server = await startEmbeddedPostgres({
    dataDirectory,
    log: () => {},
    ...(binaries === undefined ? {} : { binaries }),
  });
  const database = {
    connectionString: server.connectionString,
    query: async () => [],
    drop: async () => {},
  };
  const service = await startTestService({
    database,
    env: { AFTER_LOAD: 'keep' },
    directory: join(process.cwd(), SAMPLES),
  });
  try {
    const expected: Record<string, ExpectedFile> = JSON.parse(await readFile(join(SAMPLES, '.expected.json'), 'utf8'));
    const sum = (count: (file: ExpectedFile) => number) =>
      Object.values(expected).reduce((total, file) => total + count(file), 0);
    await eventually(async () => {
      const { body: stats } = await request(service.url).get('/ingestion/stats');
      expect(stats.files.loaded).toBe(Object.keys(expected).length);
      expect(stats.rows).toMatchObject({ read: sum((file) => file.rowsRead), loaded: sum((file) => file.rowsLoaded) });
    });
    const [row] = await withClient(server.connectionString, async (client) => {
      const { rows } = await client.query(
        "select current_setting('server_version_num')::int / 10000 as major, (select count(*)::int from user_events) as events",
      );
      return rows;
    });
    expect(row).toEqual({ major, events: sum((file) => file.rowsLoaded) });
    for (const path of ['/analytics/purchases', '/analytics/users']) {
      const { body: page } = await request(service.url).get(`${path}?limit=5`);
      expect(page.data).toHaveLength(5);
    }
  } finally {
    await service.close();
    await server.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
});
