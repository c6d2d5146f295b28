import { existsSync, readFileSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Store } from '../../src/store/write/store.js';
import { fill } from '../report/database.js';
import { config, greedy, planned, sweep } from '../store/fixtures.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';

describe('espalier report', () => {
  const place = new Workplace();
  beforeAll(() => fill(place.path('a.sqlite'), 'made', 'here'));
  afterAll(() => place.remove());

  it('states that nothing is finished yet', async () => {
    const store = Store.open(place.path('empty.sqlite'));
    store.saveSweep(sweep('waiting'), [planned('p', [0, 5], [greedy(3)])]);
    store.close();
    const { code } = await place.run('report', 'empty.sqlite');
    const page = readFileSync(place.path('empty.html'), 'utf8');
    expect(code).toBe(0);
    expect(page).toContain('There is nothing to draw yet.');
    expect(page).toContain('2 of 2 cells are missing');
  });

  it.each([
    [['--subnet-size', '7'], '--subnet-size: found 7, expected one of 5, 10'],
    [['--width', '11'], '--width: found 11, expected one of 10'],
    [['--sweep', 'other'], '--sweep: found "other", expected one of: made'],
    [['--output', 'none/a.html', '--figures', 'f'], '--output none/a.html: there is no folder none'],
    [['--output', 'a.sqlite'], '--output a.sqlite: this is the database itself'],
  ])('refuses %j in one line, and writes nothing', async (args, message) => {
    const files = place.files();
    const { code, stdout, stderr } = await runInside(place, 'report', 'a.sqlite', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(place.files()).toEqual(files);
  });

  it('refuses a width where the width moves with n', async () => {
    const store = Store.open(place.path('moving.sqlite'));
    const pairs = [
      planned('a', [0], [greedy(3)], config(20, 0, 10)),
      planned('b', [0], [greedy(3)], config(40, 0, 20)),
    ];
    store.saveSweep(sweep('moving'), pairs);
    store.close();
    const { code, stderr } = await runInside(place, 'report', 'moving.sqlite', '--width', '10');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'espalier: --width 10: the width moves with n here, expected no --width\n',
    });
  });

  it('refuses a missing database', async () => {
    const { code, stderr } = await place.run('report', 'none.sqlite');
    expect(code).toBe(2);
    expect(stderr).toContain('none.sqlite: no such database');
    expect(existsSync(place.path('none.html'))).toBe(false);
    expect(statSync(place.path('a.sqlite')).isFile()).toBe(true);
  });
});
