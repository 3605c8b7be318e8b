import { describe, expect, it } from 'vitest';
import { codeSpans, markdownTable, readRepositoryFile, repositoryFiles } from './repository.ts';

/** The rows of the fault matrix; those that are left out of a letter need what a test can't have, and the document says so. */
const ROWS = [...rows('A', 1, 10), ...rows('B', 1, 8), ...rows('C', 1, 11), ...rows('D', 2, 13), ...rows('E', 1, 8)];
const SECURITY_ROWS = [...rows('F', 1, 7), 'F9'];
const document = readRepositoryFile('docs/GUARANTEES.md');
const self = 'test/unit/repository/guarantees.test.ts';

/** Titles of tests as they stand in the code: the text behind `it(`, `test(` or `describe(`, also of `.each`. */
const TITLE =
  /\b(?:it|test|describe)(?:\.(?:runIf|skipIf|concurrent|sequential|each)\b(?:\([^()]*(?:\([^()]*\)[^()]*)*\)|<[^>]*>)*)*\(\s*(['"`])(.*?)\1/gs;

const testsOf = new Map<string, string[]>();
for (const file of [...repositoryFiles('test', '.test.ts')]) {
  if (file === self) continue;
  for (const [, , title = ''] of readRepositoryFile(file).matchAll(TITLE)) {
    for (const row of namesAtBeginning(title)) {
      const files = testsOf.get(row) ?? [];
      if (!files.includes(file)) testsOf.set(row, [...files, file]);
    }
  }
}

describe('the fault matrix in docs/GUARANTEES.md', () => {
  const tables = ['A', 'B', 'C', 'D', 'E', 'F'].flatMap((letter) =>
    markdownTable(document, [letter, 'fault', 'what comes of it', 'tests']),
  );

  it('has every row once', () => {
    expect(tables.map(([name]) => name)).toEqual([...ROWS, ...SECURITY_ROWS]);
  });

  it.each(tables)('%s names exactly the files with tests of that name', (name = '', _fault, _outcome, tests = '') => {
    expect(codeSpans(tests).sort()).toEqual((testsOf.get(name) ?? []).map((file) => file.replace('test/', '')).sort());
    expect(testsOf.get(name), `no test is named ${name}`).toBeDefined();
  });

  it('knows every row that a test names', () => {
    expect([...testsOf.keys()].filter((name) => !tables.some(([row]) => row === name))).toEqual([]);
  });
});

describe('the run of the kill loop in docs/GUARANTEES.md', () => {
  const figure = (name: string) => {
    const [, value] = markdownTable(document, ['kill loop', 'figure']).find(([first]) => first === name) ?? [];
    return Number(value?.replaceAll(',', ''));
  };

  it('is as long as it takes to be believed, and lost and doubled nothing', () => {
    expect(figure('servers killed')).toBeGreaterThanOrEqual(2000);
    expect(figure('backends killed')).toBeGreaterThanOrEqual(200);
    expect(figure('postmasters killed')).toBeGreaterThanOrEqual(50);
    expect(figure('rows lost')).toBe(0);
    expect(figure('rows doubled')).toBe(0);
  });
});

function rows(letter: string, from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `${letter}${from + index}`);
}

/** `A3 B3 I1 whatever` is a test of A3 and B3. */
function namesAtBeginning(title: string): string[] {
  const names: string[] = [];
  for (const word of title.split(' ')) {
    if (/^[A-F]\d{1,2}$/.test(word)) names.push(word);
    else if (!/^I\d$/.test(word)) break;
  }
  return names;
}
