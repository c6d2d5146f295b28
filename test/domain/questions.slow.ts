/** Every sweep of sweeps/ on generated digits, made small, runs to its end. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { Workplace } from '../support/program.js';

const SWEEPS = join(PACKAGE_ROOT, 'sweeps');
const read = (file: string) => readFileSync(join(SWEEPS, file), 'utf8');
const ON_DIGITS = readdirSync(SWEEPS).filter(file => /name: digits$|name: digits,/m.test(read(file)));

const work = new Workplace();
afterAll(() => work.remove());

/** The same settings, axes and targets, with few samples, neurons, seeds and iterations. */
function small(file: string) {
  const sweep = parse(read(file));
  const shrunk = (values: number | number[], by: number) => {
    const all = [values].flat().map((value, i) => Math.max(2, Math.floor(value / by)) + i);
    return all.slice(0, 3);
  };
  sweep.dataset = { ...sweep.dataset, pool: 400, test: 50 };
  Object.assign(sweep.axes, {
    datasetSize: [20, 40],
    width: shrunk(sweep.axes.width, 40),
    seed: { count: 1 },
    pretrainIterations: { from: 2, to: 16, ratio: 2, refine: 1.3 },
    subnetSize: shrunk(sweep.axes.subnetSize, 25),
  });
  for (const [path, values] of Object.entries(sweep.axes))
    if (path === 'retrain.iterations') sweep.axes[path] = (values as number[]).map(value => value / 20);
  return sweep;
}

describe('made small, the sweep', () => {
  it.each(ON_DIGITS)('%s runs', async file => {
    const name = `small-${file}`;
    writeFileSync(work.path(name), JSON.stringify(small(file)));
    const { code, stdout, stderr } = await work.run('run', name, '--db', `${file}.sqlite`, '--json');
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const { progress, thresholds } = JSON.parse(stdout);
    expect(progress.cellsDone).toBe(progress.cells);
    expect(thresholds.length).toBeGreaterThan(0);
    // What is compared is there: more than one curve at each n.
    if (!file.startsWith('digits-') && file !== 'quickstart.yaml') {
      const sql =
        'SELECT count(DISTINCT axes || width || subnet_size || prune_method || metric) FROM thresholds';
      const counted = await work.run('query', `${file}.sqlite`, sql, '--format', 'csv');
      expect(Number(counted.stdout.trim().split('\n')[1])).toBeGreaterThan(1);
    }
  });

  it('are those for the questions that people bring, too', () => {
    const questions = [
      'width',
      'subnet-size',
      'learning-rate',
      'momentum',
      'both-layers',
      're-training',
      'controls',
    ];
    expect(ON_DIGITS).toEqual(expect.arrayContaining(questions.map(name => `${name}.yaml`)));
    for (const name of questions)
      expect(read(`${name}.yaml`).replaceAll(/\s+# /g, ' ')).toMatch(
        /Expected: about .{5,40} on two cores\. Shows: /,
      );
  });
});
