import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { PART, withPart } from '../../src/base/atomic-file.js';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { temporaryFolders } from '../store/fixtures.js';

const folder = temporaryFolders();

test('a file has its name only when it is complete', () => {
  const file = join(folder(), 'a.txt');
  const result = withPart(file, part => {
    expect(part.endsWith(PART)).toBe(true);
    writeFileSync(part, 'all of it');
    expect(existsSync(file)).toBe(false);
    renameSync(part, file);
    return 5;
  });
  expect(result).toBe(5);
  expect(readFileSync(file, 'utf8')).toBe('all of it');
});

test('nothing is left of one that fails, or that is not wanted', async () => {
  const place = folder();
  const file = join(place, 'a.txt');
  writeFileSync(file, 'before');
  const fail = (part: string) => {
    writeFileSync(part, 'half');
    throw new Error('full');
  };
  expect(() => withPart(file, fail)).toThrow('full');
  await expect(withPart(file, async part => fail(part))).rejects.toThrow('full');
  withPart(file, part => writeFileSync(part, 'not renamed'));
  await withPart(file, async part => writeFileSync(part, 'not renamed'));
  expect(readdirSync(place)).toEqual(['a.txt']);
  expect(readFileSync(file, 'utf8')).toBe('before');
});

test('the name may be as long as the file system allows', () => {
  const file = join(folder(), 'a'.repeat(255));
  withPart(file, part => {
    writeFileSync(part, 'all of it');
    renameSync(part, file);
  });
  expect(readFileSync(file, 'utf8')).toBe('all of it');
});

test('errors name the file, and nothing temporary', async () => {
  const long = join(folder(), 'a'.repeat(300));
  const missing = join(folder(), 'none', 'a.txt');
  for (const [file, code] of [
    [long, 'ENAMETOOLONG'],
    [missing, 'ENOENT'],
  ] as const) {
    const use = (part: string) => {
      writeFileSync(part, '');
      renameSync(part, file);
    };
    const seen = [];
    try {
      withPart(file, use);
    } catch (error) {
      seen.push(error);
    }
    await withPart(file, async part => use(part)).catch(error => seen.push(error));
    expect(seen).toHaveLength(2);
    for (const error of seen) {
      expect(error).toMatchObject({ code, path: file });
      expect((error as Error).message).toContain(file);
      expect((error as Error).message).not.toContain(PART);
    }
  }
});

test('nothing is left of one that a process exits from', () => {
  const place = folder();
  const module = pathToFileURL(join(PACKAGE_ROOT, 'dist', 'src', 'base', 'atomic-file.js')).href;
  const script = `
    import { writeFileSync } from 'node:fs';
    import { withPart } from '${module}';
    withPart('${join(place, 'a.txt')}', async part => {
      writeFileSync(part, 'half');
      process.exit(3);
    });`;
  expect(spawnSync(process.execPath, ['--input-type=module', '-e', script]).status).toBe(3);
  expect(readdirSync(place)).toEqual([]);
});
