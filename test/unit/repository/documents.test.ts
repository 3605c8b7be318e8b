import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { codeSpans, markdownTable, readRepositoryFile, repositoryFiles } from './repository.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const documents = ['README.md', 'CONTRIBUTING.md', ...repositoryFiles('docs', '.md')];
const exists = (path: string) => existsSync(join(root, path));

describe.each(documents)('%s', (document) => {
  const text = readRepositoryFile(document);

  it('links to nothing in the repository that is not there', () => {
    const targets = [...text.matchAll(/\]\(([^)#\s]+)/g)].map((match) => match[1] ?? '');
    const local = targets.filter((target) => !/^[a-z]+:/.test(target));
    expect(local.filter((target) => !exists(join(dirname(document), target)))).toEqual([]);
  });

  it('names no file of the repository that is not there', () => {
    const paths = codeSpans(text).filter((span) => /^(?:src|test|docs|scripts|bench|drizzle)\/[\w./-]+$/.test(span));
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });
});

describe('the invariants in docs/GUARANTEES.md', () => {
  const rows = markdownTable(readRepositoryFile('docs/GUARANTEES.md'), ['', 'invariant', 'enforced by', 'held by']);

  it('are those that the README promises', () => {
    const promised = [...readRepositoryFile('README.md').matchAll(/^- \*\*(I\d) /gm)].map((match) => match[1]);
    expect(rows.map(([name]) => name)).toEqual(promised);
  });

  it.each(rows)('%s is held by tests that say so in their names', (name = '', _invariant, _enforcedBy, heldBy = '') => {
    const files = codeSpans(heldBy);
    expect(files).not.toEqual([]);
    const named = new RegExp(`(?:it|test|describe)(?:\\.each)?[^\\n]*(?:\\n[^\\n]*)?\\b${name}\\b`);
    expect(files.filter((file) => !named.test(readRepositoryFile(file)))).toEqual([]);
  });
});
