import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ConfigSchema, loadConfig } from '../../../src/config.ts';
import { codeSpans, markdownTable, readRepositoryFile } from './repository.ts';

const defaults = loadConfig({});
const settings = Object.keys(ConfigSchema.properties);
const sorted = (names: readonly string[]) => [...names].sort();

describe('the configuration table of the README', () => {
  const rows = markdownTable(readRepositoryFile('README.md'), ['variable', 'default', 'meaning']);
  const shown = new Map(rows.map(([name = '', value = '']) => [codeSpans(name)[0] ?? name, codeSpans(value)[0]]));

  it('has a row for every setting and for nothing else', () => {
    expect(sorted([...shown.keys()])).toEqual(sorted(settings));
  });

  it('shows the defaults that the service has', () => {
    const asVariables = Object.fromEntries([...shown].map(([name, value]) => [name, value]));
    expect(loadConfig(asVariables)).toEqual(defaults);
  });

  it('shows no default only where there is none, or where it depends on the machine', () => {
    const without = [...shown].filter(([, value]) => value === undefined).map(([name]) => name);
    expect(sorted(without)).toEqual(['API_KEY', 'DATABASE_URL', 'LOADERS', 'RETENTION_DAYS']);
  });
});

describe('.env.example', () => {
  const lines = readRepositoryFile('.env.example').split('\n');
  const variables = parseEnv(lines.map((line) => line.replace(/^#(?=[A-Z_]+=)/, '')).join('\n'));

  it('sets nothing as it is', () => {
    expect(parseEnv(lines.join('\n'))).toEqual({});
  });

  it('has every setting, and beside them only what docker-compose.yml asks for', () => {
    const ofCompose = [...readRepositoryFile('docker-compose.yml').matchAll(/\$\{([A-Z_]+)/g)].map(
      (match) => match[1] ?? '',
    );
    expect(sorted(Object.keys(variables))).toEqual(sorted([...new Set([...settings, ...ofCompose])]));
  });

  it('shows the defaults', () => {
    expect(loadConfig(variables)).toEqual(defaults);
  });
});
