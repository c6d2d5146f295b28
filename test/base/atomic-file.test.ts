import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PART, withPart } from '../../src/base/atomic-file.js';
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

test('an error of the work is not hidden by one of cleaning up', () => {
  const file = join(folder(), 'a'.repeat(250));
  expect(() => withPart(file, part => writeFileSync(part, ''))).toThrow(/open/);
});
