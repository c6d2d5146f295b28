/** What others say about the package: nothing unused (knip), types that resolve (are the types wrong?). */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { packInto } from '../support/pack.js';

const run = (program: string, ...args: string[]) =>
  promisify(execFile)(join(PACKAGE_ROOT, 'node_modules', '.bin', program), args, {
    cwd: PACKAGE_ROOT,
    maxBuffer: 1e8,
  })
    .then(({ stdout }) => ({ code: 0, stdout }))
    .catch(({ code, stdout }) => ({ code, stdout }));

it('knip finds nothing unused', async () => {
  expect(await run('knip')).toEqual({ code: 0, stdout: '' });
});

it('types resolve from every kind of ESM import', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-pack-'));
  try {
    const { code, stdout: said } = await run('attw', await packInto(folder), '--profile', 'esm-only');
    expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
