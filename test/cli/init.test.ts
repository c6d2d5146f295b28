import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { initSweep } from '../../src/cli/init.js';
import { readSweep } from '../../src/domain/sweep-file/parse.js';
import { SETTINGS } from '../../src/domain/sweep-file/settings.js';
import { MINIMAL } from '../domain/fixtures.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';

const folder = () => mkdtempSync(join(tmpdir(), 'espalier-init-'));

describe('init', () => {
  it('writes a sweep that is valid and named after the file', async () => {
    const file = join(folder(), 'my noise.yaml');
    await initSweep(file, false);
    expect(readSweep(file).name).toBe('my-noise');
  });

  it('shows every setting with its default and its help', async () => {
    const file = join(folder(), 'sweep.yaml');
    await initSweep(file, false);
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

  it('points editors to the schema', async () => {
    const file = join(folder(), 'sweep.yaml');
    await initSweep(file, false);
    const [, schema] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(file, 'utf8'))!;
    expect(existsSync(resolve(dirname(file), schema!))).toBe(true);
  });

  it('does not overwrite a file without --force', async () => {
    const file = join(folder(), 'sweep.yaml');
    writeFileSync(file, 'mine');
    await expect(initSweep(file, false)).rejects.toThrow(
      `${file}: exists already, expected a new file (or --force to overwrite it)`,
    );
    expect(readFileSync(file, 'utf8')).toBe('mine');
    await initSweep(file, true);
    expect(readSweep(file).name).toBe('sweep');
  });

  it('suggests commands that a shell reads as they are meant', async () => {
    const work = new Workplace();
    const { stderr } = await runInside(work, 'init', 'x y.yaml');
    expect(stderr).toBe("wrote x y.yaml; next: espalier plan 'x y.yaml'\n");
    expect(readFileSync(work.path('x y.yaml'), 'utf8')).toContain(
      "espalier plan 'x y.yaml'. To run it: espalier run 'x y.yaml'\n",
    );
    expect((await runInside(work, 'init', 'plain.yaml')).stderr).toContain('espalier plan plain.yaml\n');
    const { stderr: help } = await runInside(work, 'design', '--sigma', '1');
    expect(help).toContain('`espalier design --help`');
    work.remove();
  });

  it('--force overwrites sweep files, and nothing else', async () => {
    const place = folder();
    const kept = {
      'notes.txt': 'mine',
      'package.json': '{}',
      'a.sqlite': 'SQLite format 3\0...',
      'data.yaml': '\x1f\x8b\0',
    };
    for (const [name, content] of Object.entries(kept)) {
      writeFileSync(join(place, name), content);
      await expect(initSweep(join(place, name), true)).rejects.toThrow(
        / expected a new file, or .* sweep file$/,
      );
      expect(readFileSync(join(place, name), 'utf8')).toBe(content);
    }
    expect(readdirSync(place).sort()).toEqual(Object.keys(kept).sort());
  });

  it('names a missing folder', async () => {
    const file = join(folder(), 'none', 'sweep.yaml');
    await expect(initSweep(file, false)).rejects.toThrow(`${file}: there is no folder ${dirname(file)}`);
    await expect(initSweep('', false)).rejects.toThrow('found "", expected a file');
  });
});
