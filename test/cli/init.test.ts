import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { InputError } from '../../src/base/errors.js';
import { initSweep } from '../../src/cli/init.js';
import { readSweep } from '../../src/domain/sweep-file/parse.js';
import { SETTINGS } from '../../src/domain/sweep-file/settings.js';
import { MINIMAL, messageOf } from '../domain/fixtures.js';

const folder = () => mkdtempSync(join(tmpdir(), 'espalier-init-'));

describe('init', () => {
  it('writes a sweep that is valid and named after the file', () => {
    const file = join(folder(), 'my noise.yaml');
    initSweep(file, false);
    expect(readSweep(file).name).toBe('my-noise');
  });

  it('shows every setting with its default and its help', () => {
    const file = join(folder(), 'sweep.yaml');
    initSweep(file, false);
    const text = readFileSync(file, 'utf8');
    const shown = parse(text);
    for (const path of SETTINGS.keys()) {
      const [group, key] = path.split('.') as [string, string];
      expect(text, path).toMatch(new RegExp(`# .*\\n  (# )?${key}: `));
      if (path !== 'dataset.dir') expect(shown[group], path).toHaveProperty(key);
    }
    const plain = join(folder(), 'plain.yaml');
    writeFileSync(plain, MINIMAL);
    expect(text).toMatch(/^# .*\n# description: ./m);
    const { dataset: _, ...defaults } = readSweep(plain).settings;
    expect(readSweep(file).settings).toMatchObject(defaults);
  });

  it('points editors to the schema', () => {
    const file = join(folder(), 'sweep.yaml');
    initSweep(file, false);
    const [, schema] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(file, 'utf8'))!;
    expect(existsSync(resolve(dirname(file), schema!))).toBe(true);
  });

  it('does not overwrite a file without --force', () => {
    const file = join(folder(), 'sweep.yaml');
    writeFileSync(file, 'mine');
    expect(messageOf(() => initSweep(file, false))).toBe(
      `InputError: ${file}: exists already, expected a new file (or --force to overwrite it)`,
    );
    expect(readFileSync(file, 'utf8')).toBe('mine');
    initSweep(file, true);
    expect(readSweep(file).name).toBe('sweep');
  });

  it('names a missing folder', () => {
    expect(() => initSweep(join(folder(), 'none', 'sweep.yaml'), false)).toThrow(InputError);
  });
});
