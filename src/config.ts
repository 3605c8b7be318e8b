import { isIPv6 } from 'node:net';
import { availableParallelism } from 'node:os';
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { isTimeZone } from './ingest/transform/time-zone.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

const AFTER_LOAD = ['keep', 'archive', 'delete'] as const;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

function oneOf<const T extends readonly string[]>(values: T, fallback: T[number]) {
  const members = Object.fromEntries(values.map((value) => [value, value])) as { [K in T[number]]: K };
  return Type.Enum(members, { type: 'string', default: fallback });
}

/**
 * Every setting, read from the environment; the README's table is checked against it by a test.
 * Sizes are bytes, durations milliseconds.
 */
export const ConfigSchema = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', minLength: 1 }),
  PORT: Type.Integer({ default: 3000, minimum: 0, maximum: 65_535 }),
  INPUT_DIR: Type.String({ default: 'input_data', minLength: 1 }),
  DATA_DIR: Type.String({ default: 'data', minLength: 1 }),
  DATABASE_URL: Type.Optional(Type.String({ pattern: '^postgres(ql)?://' })),
  LOADERS: Type.Integer({ default: Math.max(1, availableParallelism() - 1), minimum: 1, maximum: 64 }),
  SETTLE_MS: Type.Integer({ default: 200, minimum: 0, maximum: 600_000 }),
  RESCAN_MS: Type.Integer({ default: 5000, minimum: 100, maximum: 3_600_000 }),
  AFTER_LOAD: oneOf(AFTER_LOAD, 'keep'),
  COMMIT_ROWS: Type.Integer({ default: 1_000_000, minimum: 1 }),
  MAX_RECORD_BYTES: Type.Integer({ default: MIB, minimum: 256, maximum: 64 * MIB }),
  // 100 holds nothing: no file has more rejects than rows.
  MAX_REJECT_PERCENT: Type.Number({ default: 100, minimum: 0, maximum: 100 }),
  MAX_UPLOAD_BYTES: Type.Integer({ default: 10 * GIB, minimum: 1 }),
  RETENTION_DAYS: Type.Optional(Type.Integer({ minimum: 1, maximum: 36_500 })),
  TIMEZONE: Type.String({ default: 'UTC' }),
  // A header can carry nothing else, so any other key would lock everybody out.
  API_KEY: Type.Optional(Type.String({ pattern: '^[\\x21-\\x7e]+$' })),
  RATE_LIMIT: Type.Integer({ default: 6000, minimum: 0 }),
  ALLOW_ANONYMOUS: Type.Boolean({ default: false }),
  LOG_LEVEL: oneOf(LOG_LEVELS, 'info'),
});

export type Config = Static<typeof ConfigSchema>;
export type AfterLoad = (typeof AFTER_LOAD)[number];

type SettingType = 'string' | 'integer' | 'number' | 'boolean';

const SIZE_SETTINGS: ReadonlySet<string> = new Set(['MAX_RECORD_BYTES', 'MAX_UPLOAD_BYTES']);
const SECRET_SETTINGS: ReadonlySet<string> = new Set(['API_KEY', 'DATABASE_URL']);
const SIZE_UNITS: Readonly<Record<string, number>> = { KIB, MIB, GIB };

/** All faults of the configuration in one message: whoever starts the service mends them in one go. */
export class ConfigError extends Error {
  readonly code = 'invalid_configuration';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n  - ${faults.join('\n  - ')}`,
    );
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

/**
 * Reads and checks the configuration. An empty variable counts as absent, as in a `.env` file.
 * @throws ConfigError naming every fault
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const faults: string[] = [];
  const settings: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(ConfigSchema.properties)) {
    const text = env[name]?.trim();
    if (text === undefined || text === '') {
      if (schema.default !== undefined) settings[name] = schema.default;
      continue;
    }
    const value = fromText(name, schema.type as SettingType, text);
    if (!Value.Check(schema, value)) faults.push(describeFault(name, schema, text));
    settings[name] = value;
  }
  if (typeof settings['TIMEZONE'] === 'string' && !isTimeZone(settings['TIMEZONE'])) {
    faults.push(`TIMEZONE must be an IANA time zone such as UTC or Europe/Berlin, not '${settings['TIMEZONE']}'`);
  }
  const databaseUrl = settings['DATABASE_URL'];
  if (
    typeof databaseUrl === 'string' &&
    !faults.some((fault) => fault.startsWith('DATABASE_URL')) &&
    !URL.canParse(databaseUrl)
  ) {
    faults.push('DATABASE_URL is no address: percent-encode what is special in user and password (@ is %40, / is %2F)');
  }
  const host = settings['HOST'];
  if (typeof host === 'string' && host.includes(':') && !isIPv6(host)) {
    faults.push(`HOST must be an address or a name, not '${host}'; the port belongs into PORT`);
  } else if (
    typeof host === 'string' &&
    !isLoopback(host) &&
    settings['API_KEY'] === undefined &&
    settings['ALLOW_ANONYMOUS'] !== true
  ) {
    faults.push(
      `HOST ${host} is reachable from other machines: set API_KEY, or ALLOW_ANONYMOUS=true if everybody who reaches it may load and read`,
    );
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return Value.Decode(ConfigSchema, settings);
}

/** Whether only this machine reaches the address: then no key is needed, and the Host header can be held to it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function fromText(name: string, type: SettingType, text: string): unknown {
  switch (type) {
    case 'string':
      return text;
    case 'boolean':
      return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
    case 'number':
      return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case 'integer': {
      const match = /^(\d+)\s*(KiB|MiB|GiB)?$/i.exec(text);
      const unit =
        match?.[2] === undefined ? 1 : SIZE_SETTINGS.has(name) ? SIZE_UNITS[match[2].toUpperCase()] : undefined;
      return match === null || unit === undefined ? text : Number(match[1]) * unit;
    }
  }
}

function describeFault(name: string, schema: Readonly<Record<string, unknown>>, text: string): string {
  const shown = SECRET_SETTINGS.has(name) ? '' : `, not '${text}'`;
  if (Array.isArray(schema['anyOf'])) {
    return `${name} must be one of ${schema['anyOf'].map((member) => member.const).join(', ')}${shown}`;
  }
  if (schema['type'] === 'boolean') return `${name} must be true or false${shown}`;
  if (name === 'DATABASE_URL') return 'DATABASE_URL must begin with postgresql:// or postgres://';
  if (name === 'API_KEY') return 'API_KEY must be of visible ASCII characters, without spaces';
  if (schema['minLength'] !== undefined) return `${name} must have at least ${schema['minLength']} characters${shown}`;
  if (schema['type'] === 'number') {
    return `${name} must be a number from ${schema['minimum']} to ${schema['maximum']}, such as 2.5${shown}`;
  }
  const upper = schema['maximum'] === undefined ? 'up' : `to ${schema['maximum']}`;
  const unit = SIZE_SETTINGS.has(name) ? ' of bytes, or one with KiB, MiB or GiB behind it,' : '';
  return `${name} must be a whole number${unit} from ${schema['minimum']} ${upper}${shown}`;
}
