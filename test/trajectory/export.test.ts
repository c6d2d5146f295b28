import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createEngine } from '../../src/engine/index.js';
import { InputLibrary } from '../../src/trajectory/environment.js';
import { exportTrajectory } from '../../src/trajectory/export.js';
import { exportedTrajectory } from '../../src/trajectory/export-folder.js';
import { tinyDatasets, tinyTask } from '../support/tiny.js';

let output: string;
beforeEach(() => {
  output = mkdtempSync(join(tmpdir(), 'espalier-export-'));
});
afterEach(() => rmSync(output, { recursive: true, force: true }));

const names = () => readdirSync(output);

/** Exports, and lists the folder whenever a stop could be seen; the given look asks for the stop. */
async function exportWith(stopAt: number, whole = true): Promise<string[][]> {
  const seen: string[][] = [];
  const environment = {
    engine: await createEngine('reference'),
    inputs: new InputLibrary(tinyDatasets),
    stopRequested: () => seen.push(names()) > stopAt,
  };
  const exporting = exportTrajectory(tinyTask('reference'), environment, { output });
  if (whole) await exporting;
  else await expect(exporting).rejects.toThrow('stopped on request');
  return seen;
}

it('is whole once config.json is there', async () => {
  const seen = await exportWith(Number.POSITIVE_INFINITY);
  expect(seen.length).toBeGreaterThan(1);
  for (const files of seen) expect(files).toContain('config.json.part');
  for (const files of seen) expect(files).not.toContain('config.json');
  expect(names()).toContain('config.json');
  expect(names()).not.toContain('config.json.part');
  expect(exportedTrajectory(output)).toBe('aaaa');
  // A former one stops counting as whole before its first file changes.
  for (const files of await exportWith(Number.POSITIVE_INFINITY)) expect(files).not.toContain('config.json');
});

it('leaves nothing behind when it is stopped, or cannot write', async () => {
  writeFileSync(join(output, 'notes.txt'), 'mine');
  await exportWith(1, false);
  expect(names()).toEqual(['notes.txt']);
  rmSync(output, { recursive: true });
  await expect(exportWith(Number.POSITIVE_INFINITY)).rejects.toThrow('ENOENT');
});
