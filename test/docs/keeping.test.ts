/** docs/keeping.md, typed as it stands. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { filesOf } from '../keep/fixtures.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';
import { query } from '../support/results.js';
import { plainSweep } from '../support/small-sweeps.js';

const PAGE = readFileSync(join(PACKAGE_ROOT, 'docs', 'keeping.md'), 'utf8');
const COMMANDS = [...PAGE.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block]) =>
  block!
    .trim()
    .split('\n')
    .map(line => line.replace(/#.*/, '').trim().replace('npx espalier ', '').split(' ')),
);

const work = new Workplace();
work.sweep(plainSweep({ name: 'my', thresholds: [{ metric: 'subnet_train_loss', atMost: 0.3 }] }));
afterAll(() => work.remove());

it('its commands do what it says', async () => {
  expect(COMMANDS.map(([command]) => command)).toEqual([
    ...['run', 'keep', 'run', 'keep', 'restore', 'fit', 'restore', 'run', 'keep'],
  ]);
  let kept = {};
  for (const [command, ...args] of COMMANDS) {
    const { code, stderr } = await runInside(work, command!, ...args);
    expect({ command, args, code, stderr }).toMatchObject({ code: 0 });
    if (command === 'restore') kept = filesOf(work.path('kept/my'));
  }
  expect(filesOf(work.path('kept/my'))).toEqual(kept);
  // The last run had nothing to do.
  expect(query(work.path('results/again.sqlite'), 'SELECT DISTINCT host FROM attempts')).toEqual([
    { host: 'unknown' },
  ]);
});

it('its table names the files', () => {
  for (const file of [...Object.keys(filesOf(work.path('kept/my'))), 'predictions.csv'])
    expect(PAGE).toContain(`| \`${file}\` |`);
});
