import { availableParallelism } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError, ConfigSchema, isLoopback, loadConfig } from '../../src/config.ts';

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

test('without any variable every setting has its documented default', () => {
  expect(loadConfig({})).toEqual({
    HOST: '127.0.0.1',
    PORT: 3000,
    INPUT_DIR: 'input_data',
    DATA_DIR: 'data',
    LOADERS: Math.max(1, availableParallelism() - 1),
    SETTLE_MS: 200,
    RESCAN_MS: 5000,
    AFTER_LOAD: 'keep',
    COMMIT_ROWS: 1_000_000,
    MAX_RECORD_BYTES: 1_048_576,
    MAX_REJECT_PERCENT: 100,
    MAX_UPLOAD_BYTES: 10_737_418_240,
    TIMEZONE: 'UTC',
    RATE_LIMIT: 6000,
    ALLOW_ANONYMOUS: false,
    LOG_LEVEL: 'info',
  });
});

test('an empty or blank variable counts as absent, as in a .env file', () => {
  const empty = Object.fromEntries(Object.keys(ConfigSchema.properties).map((name, n) => [name, ' '.repeat(n % 3)]));
  expect(loadConfig(empty)).toEqual(loadConfig({}));
});

test('variables of other programs are no concern', () => {
  expect(loadConfig({ PATH: '/bin', NODE_ENV: 'production', HOSTNAME: 'x' })).toEqual(loadConfig({}));
});

test('every setting can be set', () => {
  const env = {
    HOST: '0.0.0.0',
    PORT: '0',
    INPUT_DIR: '/in',
    DATA_DIR: '/data',
    DATABASE_URL: 'postgres://user:p%40ss@db.example:5433/events?sslmode=require',
    LOADERS: '7',
    SETTLE_MS: '0',
    RESCAN_MS: '100',
    AFTER_LOAD: 'archive',
    COMMIT_ROWS: '1',
    MAX_RECORD_BYTES: '256',
    MAX_REJECT_PERCENT: '2.5',
    MAX_UPLOAD_BYTES: '1',
    RETENTION_DAYS: '90',
    TIMEZONE: 'Europe/Berlin',
    API_KEY: 'key',
    RATE_LIMIT: '0',
    ALLOW_ANONYMOUS: 'true',
    LOG_LEVEL: 'trace',
  };
  expect(Object.keys(env).sort()).toEqual(Object.keys(ConfigSchema.properties).sort());
  expect(loadConfig(env)).toEqual({
    ...env,
    PORT: 0,
    LOADERS: 7,
    SETTLE_MS: 0,
    RESCAN_MS: 100,
    COMMIT_ROWS: 1,
    MAX_RECORD_BYTES: 256,
    MAX_REJECT_PERCENT: 2.5,
    MAX_UPLOAD_BYTES: 1,
    RETENTION_DAYS: 90,
    RATE_LIMIT: 0,
    ALLOW_ANONYMOUS: true,
  });
});

test.each([
  ['1048576', 1_048_576],
  ['64KiB', 65_536],
  ['2 MiB', 2_097_152],
  ['3gib', 3_221_225_472],
])('sizes may have a unit: %s', (text, bytes) => {
  expect(loadConfig({ MAX_UPLOAD_BYTES: text }).MAX_UPLOAD_BYTES).toBe(bytes);
});

test.each<[string, string]>([
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['PORT', '80.5'],
  ['PORT', '0x50'],
  ['PORT', '1e3'],
  ['PORT', 'http'],
  ['LOADERS', '0'],
  ['LOADERS', '65'],
  ['SETTLE_MS', '200ms'],
  ['SETTLE_MS', '1 KiB'],
  ['RESCAN_MS', '99'],
  ['AFTER_LOAD', 'Keep'],
  ['AFTER_LOAD', 'remove'],
  ['COMMIT_ROWS', '0'],
  ['MAX_RECORD_BYTES', '255'],
  ['MAX_RECORD_BYTES', '65 MiB'],
  ['MAX_REJECT_PERCENT', '-1'],
  ['MAX_REJECT_PERCENT', '100.1'],
  ['MAX_REJECT_PERCENT', '5 %'],
  ['MAX_REJECT_PERCENT', '1,5'],
  ['MAX_UPLOAD_BYTES', '0'],
  ['MAX_UPLOAD_BYTES', '10 GB'],
  ['MAX_UPLOAD_BYTES', 'Infinity'],
  ['RETENTION_DAYS', '0'],
  ['RETENTION_DAYS', '36501'],
  ['RETENTION_DAYS', '1.5'],
  ['TIMEZONE', 'Berlin'],
  ['TIMEZONE', '../etc/passwd'],
  ['ALLOW_ANONYMOUS', 'yes'],
  ['LOG_LEVEL', 'verbose'],
  ['DATABASE_URL', 'mysql://localhost/db'],
  ['DATABASE_URL', 'localhost:5432'],
  ['DATABASE_URL', 'postgresql://user:pa/ss@host:5432/db'],
  ['API_KEY', 'two words'],
  ['API_KEY', 'schlüssel'],
])('%s=%s is refused, and the message names the variable', (name, value) => {
  const faults = faultsOf({ [name]: value });
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(new RegExp(`^${name} `));
});

test('all faults are in one message, each on its line', () => {
  const env = {
    PORT: 'x',
    LOADERS: '0',
    AFTER_LOAD: 'x',
    TIMEZONE: 'x',
    DATABASE_URL: 'x',
    LOG_LEVEL: 'x',
    HOST: '0.0.0.0',
  };
  expect(() => loadConfig(env)).toThrow(ConfigError);
  const faults = faultsOf(env);
  expect(faults.map((fault) => fault.split(' ')[0]).sort()).toEqual(Object.keys(env).sort());
  const { message } = new ConfigError(faults);
  expect(message.split('\n')).toHaveLength(1 + faults.length);
  expect(message).toContain('7 faults');
});

test('F6 a fault shows what was set, except for secrets', () => {
  expect(faultsOf({ PORT: 'canary' })[0]).toContain("'canary'");
  for (const [name, value] of [
    ['API_KEY', 'canary key'],
    ['DATABASE_URL', 'mysql://canary'],
    ['DATABASE_URL', 'postgresql://u:canary/x@h:1/d'],
  ] as const) {
    expect(faultsOf({ [name]: value }).join()).not.toContain('canary');
  }
});

describe('F1 a HOST that other machines reach', () => {
  test.each(['0.0.0.0', '::', '192.168.1.5', 'example.org', '127.0.0.1.example.org'])('%s needs a key', (host) => {
    const [fault, ...more] = faultsOf({ HOST: host });
    expect(more).toEqual([]);
    expect(fault).toContain('API_KEY');
    expect(fault).toContain('ALLOW_ANONYMOUS=true');
    expect(loadConfig({ HOST: host, API_KEY: 'a-key' }).HOST).toBe(host);
    expect(loadConfig({ HOST: host, ALLOW_ANONYMOUS: 'true' }).HOST).toBe(host);
    expect(faultsOf({ HOST: host, ALLOW_ANONYMOUS: 'false' })).toHaveLength(1);
    expect(faultsOf({ HOST: host, API_KEY: '  ' })).toHaveLength(1);
  });

  test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('%s needs none', (host) => {
    expect(loadConfig({ HOST: host }).HOST).toBe(host);
  });

  test('no address outside 127.0.0.0/8 passes for loopback', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(isLoopback(address)).toBe(address.startsWith('127.'));
      }),
    );
  });
});

test('whatever the environment holds, the answer is a configuration or a ConfigError', () => {
  const names = Object.keys(ConfigSchema.properties);
  const settings = fc.dictionary(fc.constantFrom(...names), fc.oneof(fc.string(), fc.integer().map(String)));
  fc.assert(
    fc.property(settings, (env) => {
      try {
        const config = loadConfig(env);
        expect(Number.isSafeInteger(config.PORT)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    }),
  );
});
