/** A database whose path no longer leads to it, while it is written. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Snapshots } from '../../src/store/file/snapshots.js';
import { Store } from '../../src/store/write/store.js';
import { query } from '../support/results.js';
import { cell, checkpoint, greedy, planned, sweep } from './fixtures.js';

let home: string;
let file: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'espalier-moved-'));
  mkdirSync(join(home, 'm'));
  file = join(home, 'm', 'a.sqlite');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** A store with one committed row, and one that waits for its commit. */
function begun(path = file): Store {
  const store = Store.open(path);
  const trajectory = planned('t1', [0, 5], [greedy(3)]);
  store.saveSweep(sweep('night'), [trajectory]);
  void store.rows('t1', checkpoint(0), [cell(0, greedy(3))]);
  store.flush();
  return store;
}
const addRow = (store: Store) => void store.rows('t1', checkpoint(5), [cell(5, greedy(3))]);
const content = (path: string) => ({
  cells: query(path, 'SELECT pretrain_iterations AS t FROM results ORDER BY t').map(({ t }) => t),
  holders: query(path, 'SELECT count(*) AS n FROM holder')[0]!.n,
  integrity: query(path, 'PRAGMA integrity_check'),
});
const WHOLE = { cells: [0, 5], holders: 0, integrity: [{ integrity_check: 'ok' }] };

describe('a database that is no longer at its path', () => {
  it.each([
    ['removed', () => rmSync(file)],
    [
      'removed with its log',
      () => {
        for (const name of readdirSync(join(home, 'm'))) rmSync(join(home, 'm', name));
      },
    ],
    ['removed with its folder', () => rmSync(join(home, 'm'), { recursive: true })],
    ['moved away', () => renameSync(file, join(home, 'b.sqlite'))],
    ['moved away with its folder', () => renameSync(join(home, 'm'), join(home, 'n'))],
  ])('%s: is written back', (_, lose) => {
    const store = begun();
    expect(store.isInPlace()).toBe(true);
    lose();
    expect(store.isInPlace()).toBe(false);
    addRow(store);
    store.close();
    expect(content(file)).toEqual(WHOLE);
    expect(readdirSync(join(home, 'm'))).toEqual(['a.sqlite']);
    const again = Store.open(file);
    expect(again.isInPlace()).toBe(true);
    again.close();
  });

  it('replaced by another file: that stays as it is, and everything is beside it, with the snapshots', () => {
    const store = begun();
    new Snapshots(file).write('ab12', { t: 3, bytes: Uint8Array.of(1) });
    writeFileSync(join(home, 'other'), 'of someone else');
    renameSync(join(home, 'other'), file);
    expect(store.isInPlace()).toBe(false);
    addRow(store);
    const copy = join(home, 'm', 'a.rescued-1.sqlite');
    expect(() => store.close()).toThrow(
      `${file}: another file has taken its place while it was written; what was recorded is in ${copy}`,
    );
    expect(readFileSync(file, 'utf8')).toBe('of someone else');
    expect(content(copy)).toEqual(WHOLE);
    expect(readdirSync(join(home, 'm')).sort()).toEqual([
      'a.rescued-1.sqlite',
      'a.rescued-1.sqlite-snapshots',
      'a.sqlite',
    ]);
  });

  it('replaced twice: no copy is overwritten', () => {
    for (const name of ['a.rescued-1.sqlite', 'a.rescued-2.sqlite']) {
      const store = begun();
      addRow(store);
      rmSync(file);
      writeFileSync(file, 'other');
      expect(() => store.close()).toThrow(
        expect.objectContaining({ code: 'DATABASE_REPLACED', exitCode: 2 }),
      );
      expect(content(join(home, 'm', name))).toEqual(WHOLE);
      rmSync(file);
    }
  });

  it('a link whose target was removed: the link stays, and leads to the copy', () => {
    const link = join(home, 'link.sqlite');
    begun().close();
    symlinkSync(file, link);
    const store = Store.open(link);
    addRow(store);
    rmSync(file);
    store.close();
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(content(file)).toEqual(WHOLE);
    expect(existsSync(`${file}-wal`)).toBe(false);
  });
});
