import { expect, it } from 'vitest';
import { chooseSweep } from '../../src/analysis/choose-sweep.js';
import { assumptionsFromDatabase } from '../../src/design/learn.js';
import type { Reader } from '../../src/store/read/reader.js';
import { Store } from '../../src/store/write/store.js';
import { greedy, planned, sweep } from '../store/fixtures.js';
import { Workplace } from '../support/program.js';

const reader = (...names: string[]): Reader =>
  ({ sweeps: () => names.map(name => ({ name })) }) as unknown as Reader;

it('names the option that the caller has', () => {
  const two = reader('one', 'two');
  expect(chooseSweep(two, 'a.sqlite', 'two', '--sweep')).toEqual({ name: 'two' });
  expect(() => chooseSweep(two, 'a.sqlite', undefined, '--from-sweep')).toThrow(
    'a.sqlite: holds several sweeps, expected --from-sweep with one of: one, two',
  );
  expect(() => chooseSweep(two, 'a.sqlite', 'twoo', '--from-sweep')).toThrow(
    '--from-sweep: found "twoo" (did you mean two?), expected one of: one, two',
  );
  for (const word of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
    expect(() => chooseSweep(two, 'a.sqlite', word, '--sweep')).toThrow(
      `--sweep: found "${word}", expected one of: one, two`,
    );
  expect(() => chooseSweep(reader(), 'a.sqlite')).toThrow('holds no sweep');
});

it('is --from-sweep where a design learns from a database of several', async () => {
  const work = new Workplace();
  try {
    const store = Store.open(work.path('a.sqlite'));
    for (const name of ['one', 'two']) store.saveSweep(sweep(name), [planned('aa', [0, 5], [greedy(3)])]);
    store.close();
    await expect(assumptionsFromDatabase(work.path('a.sqlite'), undefined, {} as never)).rejects.toThrow(
      'holds several sweeps, expected --from-sweep with one of: one, two',
    );
  } finally {
    work.remove();
  }
});
