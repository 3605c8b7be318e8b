import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkDirectories } from '../../src/preflight.ts';
import { createTestDirectory } from '../support/service.ts';

async function place(): Promise<string> {
  const directory = await createTestDirectory();
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await writeFile(join(directory, 'file'), '');
  await mkdir(join(directory, 'input'));
  await symlink(join(directory, 'input'), join(directory, 'link'));
  return directory;
}

const own = 'postgresql://localhost/x';

it('folders that are there, or can be made, are fine', async () => {
  const directory = await place();
  const DATA_DIR = join(directory, 'new', 'data');
  await checkDirectories({ INPUT_DIR: join(directory, 'input'), DATA_DIR });
});

it('each folder that is a file, or would lie in one, is named with its variable', async () => {
  const directory = await place();
  const check = checkDirectories({
    INPUT_DIR: join(directory, 'file'),
    DATA_DIR: join(directory, 'file', 'data'),
  });
  await expect(check).rejects.toThrow(/INPUT_DIR .*file is not a folder[\s\S]*DATA_DIR .*file is not a folder/);
});

it.each([
  ['DATA_DIR', 'input', 'input/data'],
  ['DATA_DIR', 'link', 'input/data'],
  ['DATA_DIR', 'input', 'input'],
  ['INPUT_DIR', 'data/input', 'data'],
])('%s must not lie in the other folder (%s, %s)', async (name, input, data) => {
  const directory = await place();
  const config = { INPUT_DIR: join(directory, input), DATA_DIR: join(directory, data) };
  await expect(checkDirectories(config)).rejects.toThrow(new RegExp(`- ${name} .* keep them apart`));
});

it('DATA_DIR does not matter with a database of your own', async () => {
  const directory = await place();
  const INPUT_DIR = join(directory, 'input');
  await checkDirectories({ INPUT_DIR, DATA_DIR: join(directory, 'file'), DATABASE_URL: own });
});
