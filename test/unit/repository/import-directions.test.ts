import { describe, expect, it } from 'vitest';
import { codeSpans, markdownTable, readRepositoryFile, repositoryFiles } from './repository.ts';
import { importsOf } from './source-imports.ts';

interface Area {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly mayImport: readonly string[];
  readonly packages: readonly string[];
}

/** docs/ARCHITECTURE.md is the rule; this test only reads it. */
const areas: Area[] = markdownTable(readRepositoryFile('docs/ARCHITECTURE.md'), [
  'area',
  'files',
  'may import',
  'packages',
]).map(([name = '', files = '', mayImport = '', packages = '']) => ({
  name,
  patterns: codeSpans(files),
  mayImport: names(mayImport),
  packages: names(packages),
}));

const sources = ['.ts', '.tsx']
  .flatMap((ending) => repositoryFiles('src', ending))
  .map((path) => ({
    path,
    imports: importsOf(path, readRepositoryFile(path)),
  }));

/** What is really imported: by area, with a file that does it. */
const edges = new Map<string, string>();
const packageUses = new Map<string, string>();
for (const { path, imports } of sources) {
  const from = areaOf(path);
  for (const target of imports.files) {
    const to = areaOf(target);
    if (from !== to) edges.set(`${from} → ${to}`, path);
  }
  for (const name of imports.packages) packageUses.set(`${from} → ${name}`, path);
}

describe('the table of areas in docs/ARCHITECTURE.md', () => {
  it('puts every source file into an area', () => {
    expect(sources.map(({ path }) => path).filter((path) => areaOf(path) === undefined)).toEqual([]);
  });

  it('names no area, file or folder that does not exist', () => {
    const used = new Set(sources.map(({ path }) => patternOf(path)));
    expect(areas.flatMap(({ patterns }) => patterns).filter((pattern) => !used.has(pattern))).toEqual([]);
    const known = areas.map(({ name }) => name);
    expect(areas.flatMap(({ mayImport }) => mayImport).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('allows every import between areas that there is', () => {
    const allowed = new Set(areas.flatMap(({ name, mayImport }) => mayImport.map((to) => `${name} → ${to}`)));
    expect(without(edges, allowed)).toEqual({});
  });

  it('allows no import between areas that nothing uses', () => {
    const unused = areas
      .flatMap(({ name, mayImport }) => mayImport.map((to) => `${name} → ${to}`))
      .filter((edge) => !edges.has(edge));
    expect(unused).toEqual([]);
  });

  it('allows every package that an area uses, and no other', () => {
    const allowed = new Set(areas.flatMap(({ name, packages }) => packages.map((to) => `${name} → ${to}`)));
    expect(without(packageUses, allowed)).toEqual({});
    expect([...allowed].filter((use) => !packageUses.has(use))).toEqual([]);
  });

  it('has no cycle', () => {
    const done = new Set<string>();
    const visit = (name: string, path: readonly string[]): readonly string[] | undefined => {
      if (path.includes(name)) return [...path, name];
      if (done.has(name)) return undefined;
      for (const next of areas.find((area) => area.name === name)?.mayImport ?? []) {
        const cycle = visit(next, [...path, name]);
        if (cycle !== undefined) return cycle;
      }
      done.add(name);
      return undefined;
    };
    expect(areas.map(({ name }) => visit(name, [])).find((cycle) => cycle !== undefined)).toBeUndefined();
  });
});

describe('the direction of the pipeline', () => {
  it('keeps HTTP out of everything in src/ingest', () => {
    const breaking = sources
      .filter(({ path }) => path.startsWith('src/ingest/'))
      .filter(
        ({ imports }) =>
          imports.packages.some((name) => /fastify/.test(name)) ||
          imports.files.some((file) => file.startsWith('src/http/')),
      );
    expect(breaking.map(({ path }) => path)).toEqual([]);
  });

  it.each(['src/ingest/csv/', 'src/ingest/transform/'])('keeps files, network and SQL out of %s', (folder) => {
    const within = sources.filter(({ path }) => path.startsWith(folder));
    const pure = new Set(['node:buffer', 'node:zlib', 'node:stream', 'node:util']);
    expect(within.length).toBeGreaterThan(0);
    expect(within.flatMap(({ imports }) => imports.builtins).filter((name) => !pure.has(name))).toEqual([]);
    expect(within.flatMap(({ imports }) => imports.files).filter((file) => !file.startsWith('src/ingest/'))).toEqual(
      [],
    );
  });

  it('leaves signals and the end of the process to the entries', () => {
    const breaking = sources
      .filter(({ path }) => path !== 'src/main.ts' && !path.startsWith('src/cli/'))
      .filter(({ path }) => /\bprocess\.(?:exit|on|once)\b/.test(readRepositoryFile(path)));
    expect(breaking.map(({ path }) => path)).toEqual([]);
  });
});

describe('the reading of imports', () => {
  it('understands every form', () => {
    const text = `
import './side-effect.ts';
import type { A } from '../a.ts';
import {
  type B,
  c as d,
} from "./b/c.ts";
export { e } from './e.ts';
export * from './f.ts';
export const from = 'not an import';
const late = await import('./late.ts');
import { fromZone } from '@scope/name/inside';
import pg from 'pg';
import { join } from 'node:path';
console.log(import.meta.url);
`;
    expect(importsOf('src/x/y.ts', text)).toEqual({
      files: ['src/x/side-effect.ts', 'src/a.ts', 'src/x/b/c.ts', 'src/x/e.ts', 'src/x/f.ts', 'src/x/late.ts'],
      packages: ['@scope/name', 'pg'],
      builtins: ['node:path'],
    });
  });

  it('refuses what it can not follow', () => {
    expect(() => importsOf('src/x.ts', 'const module = await import(name);')).toThrow(
      'src/x.ts: 1 imports, of which 0',
    );
  });
});

function names(cell: string): string[] {
  return cell === '' || cell === '–' ? [] : cell.split(',').map((name) => name.replaceAll('`', '').trim());
}

/** The pattern that names a file most closely: a path, or a folder followed by `/**`. */
function patternOf(path: string): string | undefined {
  return areas
    .flatMap(({ patterns }) => patterns)
    .filter((pattern) => pattern === path || (pattern.endsWith('/**') && path.startsWith(pattern.slice(0, -2))))
    .sort((a, b) => b.length - a.length)[0];
}

function areaOf(path: string): string | undefined {
  const pattern = patternOf(path);
  return areas.find(({ patterns }) => pattern !== undefined && patterns.includes(pattern))?.name;
}

function without(uses: ReadonlyMap<string, string>, allowed: ReadonlySet<string>): Record<string, string> {
  return Object.fromEntries([...uses].filter(([use]) => !allowed.has(use)));
}
