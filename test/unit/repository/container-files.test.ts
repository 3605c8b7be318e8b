import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ConfigSchema, loadConfig } from '../../../src/config.ts';
import { readRepositoryFile, repositoryFiles } from './repository.ts';

interface ComposeService {
  readonly image: string;
  readonly build?: string;
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
}

const dockerfile = readRepositoryFile('Dockerfile');
const compose: { services: Readonly<Record<'postgres' | 'sluice' | 'generator', ComposeService>>; volumes: object } =
  parse(readRepositoryFile('docker-compose.yml'));
const { postgres, sluice, generator } = compose.services;

/** The values that Compose puts in when nothing is set. */
function interpolated(environment: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/\$\{\w+(?::-([^}]*))?\}/g, (_, fallback = '') => fallback),
    ]),
  );
}

function imageVariables(): Record<string, string> {
  const words = /^ENV (.+)$/m.exec(dockerfile)?.[1] ?? '';
  return Object.fromEntries(words.split(' ').map((word) => word.split('=') as [string, string]));
}

describe('the Docker image', () => {
  it('is built and run by a Node that Sluice supports, one and the same', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map((match) => match[1]);
    expect(bases).toEqual(['node:24-bookworm-slim', 'base', 'base', 'base']);
  });

  it('starts Node itself, as a user without privileges', () => {
    expect(dockerfile.trimEnd().split('\n').at(-1)).toBe('CMD ["node", "dist/main.js"]');
    expect(/^USER (\d+):\d+$/m.exec(dockerfile)?.[1]).not.toBe('0');
  });

  it('leaves out the embedded database and what only building and testing need', () => {
    expect(dockerfile).toMatch(/AS dependencies\n(?:.*\n)*?RUN npm ci --omit=dev --omit=optional/);
    expect(dockerfile).toMatch(/^COPY --from=dependencies \/app\/node_modules \.\/node_modules$/m);
  });

  it('copies nothing from the checkout that .dockerignore keeps from it', () => {
    const ignore = readRepositoryFile('.dockerignore').split('\n');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) =>
      (match[1] ?? '').split(' '),
    );
    expect(ignore).toContain('*');
    expect(copied.filter((path) => !ignore.includes(`!${path}`))).toEqual([]);
  });

  it('has settings that are valid, and refuses to be open to everybody unasked', () => {
    const variables = imageVariables();
    expect(() => loadConfig(variables)).toThrow('set API_KEY, or ALLOW_ANONYMOUS=true');
    expect(loadConfig({ ...variables, API_KEY: 'k'.repeat(16) })).toMatchObject({
      HOST: '0.0.0.0',
      PORT: 3000,
      INPUT_DIR: '/input',
    });
  });

  it('is checked by a call that answers without a key and while the database is away', () => {
    expect(dockerfile).toMatch(/^HEALTHCHECK (?:.*\\\n)?.*\/health\/live/m);
  });
});

describe('docker-compose.yml', () => {
  it('gives Sluice settings that are valid when nobody has set anything', () => {
    const config = loadConfig({ ...imageVariables(), ...interpolated(sluice.environment) });
    expect(config).toMatchObject({
      DATABASE_URL: 'postgresql://sluice@postgres:5432/sluice',
      INPUT_DIR: '/input',
      ALLOW_ANONYMOUS: true,
    });
    expect(config).not.toHaveProperty('API_KEY');
  });

  it('passes every setting on but those that the container itself decides', () => {
    const passed = Object.keys(sluice.environment ?? {});
    const own = ['HOST', 'PORT', 'INPUT_DIR', 'DATA_DIR'];
    expect(
      Object.keys(ConfigSchema.properties).filter((name) => !own.includes(name) && !passed.includes(name)),
    ).toEqual([]);
  });

  it('gives the database and Sluice the same password', () => {
    expect(sluice.environment?.['PGPASSWORD']).toBe(postgres.environment?.['POSTGRES_PASSWORD']);
  });

  it('publishes nothing beyond this machine, and the database not at all', () => {
    const published = Object.values(compose.services).flatMap(({ ports = [] }) => ports);
    expect(published.map((port) => port.split(':')[0])).toEqual(['127.0.0.1']);
    expect(postgres.ports).toBeUndefined();
  });

  it('keeps the data of a PostgreSQL 18 in a named volume at the place that its image wants', () => {
    expect(postgres.image).toBe('postgres:18');
    expect(postgres.volumes).toEqual(['postgres:/var/lib/postgresql']);
    expect(compose.volumes).toHaveProperty('postgres');
  });

  it('starts Sluice when the database answers', () => {
    expect(postgres.healthcheck?.test).toContain('pg_isready');
    expect(sluice.depends_on?.['postgres']?.condition).toBe('service_healthy');
  });

  it.each([
    'sluice',
    'generator',
  ] as const)('runs %s without privileges, on a file system that it can not write', (name) => {
    expect(compose.services[name]).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      volumes: ['./input_data:/input'],
    });
  });

  it('writes events only where the profile is asked for, by a program of the same image', () => {
    expect(generator.profiles).toEqual(['generator']);
    expect(generator.image).toBe(sluice.image);
    const program = generator.command?.[1]?.replace(/^dist\/(.*)\.js$/, 'src/$1.ts') ?? '';
    expect(repositoryFiles('src/cli', '.ts')).toContain(program);
  });
});
