import { expect, test } from 'vitest';
import { PROBLEM_CODES } from '../../../src/http/problem-codes.ts';
import { readRepositoryFile, repositoryFiles } from '../repository/repository.ts';

// That no code is thrown which the table has not is seen by the compiler.
test('every code of the table is really answered somewhere', () => {
  const answered = new Set<string>();
  for (const path of repositoryFiles('src/http', '.ts')) {
    const source = readRepositoryFile(path);
    // As an error of ours, and as the name for one of Fastify.
    for (const pattern of [/new HttpProblem\(\s*'(\w+)'/g, /^ {2}FST_\w+: '(\w+)',$/gm]) {
      for (const [, code = ''] of source.matchAll(pattern)) answered.add(code);
    }
  }
  expect([...answered].sort()).toEqual(Object.keys(PROBLEM_CODES).sort());
});
