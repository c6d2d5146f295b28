import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runInside } from '../support/inside.js';
import { committed, long, PROGRESS } from '../support/long-run.js';
import { hasScript, PROGRAM, Workplace } from '../support/program.js';
import { allResults, attempts, numbers, query } from '../support/results.js';
import { DIGITS, plainSweep } from '../support/small-sweeps.js';

let work: Workplace;
beforeAll(() => {
  work = new Workplace();
});
afterAll(() => work.remove());

/** As `work.run`, where it does not matter that the program is a process. */
const inside = (...args: string[]) => runInside(work, ...args);

const small = (name: string, changes: object = {}) => work.sweep(plainSweep({ name, ...changes }));

const lines = (text: string) => text.split('\n').filter(line => line !== '');
const saved = (name: string) => ['--on-end', `cat > ${name}`];
const result = (name: string) => JSON.parse(readFileSync(work.path(name), 'utf8'));

describe('run', () => {
  it('prints the table of thresholds and a working query', async () => {
    const sweep = small('table', {
      thresholds: [
        { metric: 'subnet_train_loss', atMost: 0.45 },
        { metric: 'subnet_train_accuracy', atLeast: 0.7, primary: true },
      ],
    });
    const { code, stdout, stderr } = await work.run('run', sweep, '--threads', '2');
    expect(code).toBe(0);
    expect(work.files().filter(file => file.includes('table'))).toEqual([
      'results/table.sqlite',
      'results/table.sqlite.log',
      'table.yaml',
    ]);
    const printed = lines(stdout);
    expect(printed[0]).toMatch(/^table finished after .+: 32 of 32 cells, 4 of 4 trajectories$/);
    expect(printed[1]).toMatch(
      /^t\* in iterations, subnet_train_accuracy >= 0.7 \(greedy .*N = 24, k = 7\)$/,
    );
    expect(stdout).toMatch(/│ 40 +│ +2 │/);
    expect(stdout).toMatch(/│ subnet_train_loss <= 0.45 +│/);
    const [, db, sql] = /^Query it: npx espalier query (\S+) "(.+)"$/.exec(printed.at(-1)!)!;
    expect(db).toBe('results/table.sqlite');
    const queried = await inside('query', db!, sql!, '--format', 'csv');
    expect(queried).toMatchObject({ code: 0, stderr: '' });
    expect(lines(queried.stdout)[0]).toBe(
      'dataset_size,seed,pretrain_iterations,subnet_size,subnet_train_loss',
    );
    expect(lines(queried.stdout)).toHaveLength(11);

    expect(lines(stderr)).toEqual([
      '0/32 cells, 0/4 trajectories',
      expect.stringMatching(/^32\/32 cells, 4\/4 trajectories, .+ cells\/s, 0 s left$/),
    ]);
    for (const control of ['\x1b', '\r']) expect(stderr + stdout).not.toContain(control);
  });

  it('--json prints one object, and nothing else on stdout', async () => {
    const { code, stdout } = await inside('run', small('json'), '--json');
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toEqual({
      sweep: 'json',
      db: 'results/json.sqlite',
      stopped: false,
      seconds: expect.any(Number),
      progress: {
        sweep: 'json',
        trajectories: 4,
        trajectoriesDone: 4,
        trajectoriesFailed: 0,
        cells: 32,
        cellsDone: 32,
      },
      thresholds: [
        {
          width: 24,
          method: 'greedy',
          objective: 'squared',
          sampleSize: null,
          subnetSize: 7,
          retrainIterations: 0,
          axes: {},
          sizes: [40, 70],
          targets: [
            {
              metric: 'subnet_train_loss',
              target: '<= 0.15',
              primary: true,
              cells: [0, 1].map(() => ({
                curves: 2,
                crossed: expect.any(Number),
                left: expect.any(Number),
                right: expect.any(Number),
                unreachable: expect.any(Number),
                median: expect.any(String),
                range: expect.any(String),
              })),
            },
          ],
        },
      ],
      exitCode: 0,
      error: null,
    });
  });

  it('--dry-run prints the plan and writes nothing', async () => {
    const sweep = small('dry');
    const before = work.files();
    const { code, stdout, stderr } = await inside('run', sweep, '--dry-run');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^dry\n +trajectories +4\n +cells +32, of which results\/dry.sqlite holds 0\n/);
    expect(work.files()).toEqual(before);
  });

  it('says what an edited sweep changes, and plan does before', async () => {
    const sweep = small('edited');
    const args = [sweep, '--noop', '--threads', '1'];
    expect((await inside('run', ...args)).code).toBe(0);
    const edit = ['--set', 'axes.seed=[0]', '--set', 'axes.subnetSize=[3]', '--set', 'description=Less.'];
    const plan = JSON.parse((await inside('plan', ...args, ...edit, '--json')).stdout);
    expect(plan.changes).toMatchObject({
      cells: { new: 0, kept: 8, dropped: 24, droppedFinished: 24 },
      settings: [
        { path: 'seed', removed: [1], added: [] },
        { path: 'subnetSize', removed: [7], added: [] },
      ],
    });
    const said =
      'without seed 1, without subnetSize 7: 0 cells new, 8 kept; out of results: 24 finished cells (they stay in ' +
      'the file; `espalier forget results/edited.sqlite --unused` deletes what no sweep asks for)';
    const dry = await inside('run', ...args, ...edit, '--dry-run');
    expect(dry.stdout).toContain(`\n  edited         ${said}\n`);
    const { stderr } = await inside('run', ...args, ...edit);
    expect(stderr.split('\n')[0]).toBe(`note: the sweep has changed: ${said}`);
    expect(readFileSync(work.path('results/edited.sqlite.log'), 'utf8')).toMatch(/"the sweep has changed"/);
    // Neither another description nor other targets are an edit of cells.
    const again = await inside('run', ...args, ...edit, '--set', 'description=x', '--set', 'thresholds=[]');
    expect([again.code, again.stderr]).toEqual([0, expect.not.stringContaining('changed')]);
    expect(query(work.path('results/edited.sqlite'), 'SELECT description FROM progress')).toEqual([
      { description: 'x' },
    ]);
  });

  it('--set, --db and --engine', async () => {
    const sweep = small('options');
    const changes = [
      '--set',
      'axes.seed.count=1',
      '--set',
      'train.learningRate=0.05',
      '--set',
      'axes.width=[10]',
    ];
    const { code, stdout } = await inside(
      ...['run', sweep, ...changes, '--db', 'deep/er/my own.db', '--engine', 'reference'],
    );
    expect(code).toBe(0);
    expect(stdout).toContain(`npx espalier query 'deep/er/my own.db' "SELECT`);
    expect(existsSync(work.path('results/options.sqlite'))).toBe(false);
    const rows = allResults(work.path('deep/er/my own.db'));
    expect(rows).toHaveLength(16);
    for (const row of rows) {
      expect(row).toMatchObject({ sweep: 'options', engine: 'reference', seed: 0, width: 10 });
      expect(JSON.parse(String(row.config)).train.learningRate).toBe(0.05);
    }
    const named = await inside('run', sweep, '--set', 'name=renamed', '--set', 'axes.seed=[4]');
    expect(named.code).toBe(0);
    expect(existsSync(work.path('results/renamed.sqlite'))).toBe(true);
  });

  it('exits 1 where trajectories failed, names them and the reason, and finishes the others', async () => {
    const sweep = small('failing', {
      train: { batchSize: 16, layers: 'both' },
      axes: { datasetSize: 40, 'train.learningRate': [0.1, 1e30] },
    });
    for (const round of [1, 2]) {
      const { code, stdout, stderr } = await inside('run', sweep, '--threads', '1', ...saved('failing'));
      expect(code).toBe(1);
      expect(result('failing')).toMatchObject({
        stopped: false,
        progress: { trajectoriesDone: 2, trajectoriesFailed: 2 },
        exitCode: 1,
        error: null,
      });
      expect(lines(stdout)[0]).toMatch(/2 of 4 trajectories, 2 failed$/);
      expect(stdout).toContain('What failed, and why: npx espalier status results/failing.sqlite\n');
      expect(lines(stdout).at(-1)).toMatch(/^Query it: /);
      if (round === 1) expect(stderr.match(/^trajectory [0-9a-f]+ failed: DIVERGED: .+$/gm)).toHaveLength(2);
    }
    expect(lines((await inside('status', 'results/failing.sqlite')).stdout).join()).toContain('DIVERGED');
  });

  it('warns about gamma < 1 with few neurons, and about rates that are too high', async () => {
    const sweep = small('advice', {
      network: { scaling: 'ntk' },
      train: { batchSize: 16, learningRate: 1 },
      axes: { datasetSize: 40, seed: [0], subnetSize: 3 },
    });
    const { code, stderr } = await inside('run', sweep);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^note: network\.scaling ntk with subnetSize 3 at width 24: .+$/m);
    expect(stderr).toMatch(/^warning: learning rate 1 is too high .+$/m);
  });
});

describe('a run that is stopped', () => {
  it('by SIGINT: exits 3, keeps finished cells, and continues to the same results', async () => {
    const sweep = work.sweep(long('interrupted', 3000));
    const db = work.path('results/interrupted.sqlite');
    const { child, ended, stderrMatches } = work.start('run', sweep, '--threads', '2');
    await stderrMatches(PROGRESS);
    await committed(db, 20);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(3);
    expect(stderr).toContain('stopping after the present step; everything finished is kept');
    expect(stdout).toMatch(/^\ninterrupted stopped after /);
    const kept = allResults(db);
    expect(kept.length).toBeGreaterThanOrEqual(20);
    expect(query(db, 'SELECT * FROM holder')).toEqual([]);
    expect(query(db, `SELECT status FROM trajectories WHERE status = 'running'`)).toEqual([]);
    expect(query(db, `SELECT * FROM attempts WHERE outcome = 'stopped'`).length).toBeGreaterThan(0);

    expect((await inside('run', sweep, '--threads', '1')).code).toBe(0);
    expect((await inside('run', sweep, '--threads', '2', '--db', 'whole.sqlite')).code).toBe(0);
    expect(kept.length).toBeLessThan(allResults(db).length);
    expect(allResults(db)).toEqual(expect.arrayContaining(kept));
    expect(numbers(db)).toEqual(numbers(work.path('whole.sqlite')));
    expect(Math.max(...attempts(db).values())).toBeGreaterThan(1);
    expect(existsSync(`${db}-snapshots`)).toBe(false);
  });

  it('by SIGTERM: exits 3; until then it refuses a second run of the same database', async () => {
    const sweep = work.sweep(long('held', 100_000));
    const { child, ended, stderrMatches } = work.start(
      ...['run', sweep, '--threads', '1', '--json', ...saved('stopped')],
    );
    await stderrMatches(PROGRESS);
    const second = await inside(
      ...['run', small('other'), '--db', 'results/held.sqlite', ...saved('refused')],
    );
    expect(second).toMatchObject({ code: 2, stdout: '' });
    expect(lines(second.stderr)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^espalier: results/held.sqlite: held by another run \\(process ${child.pid} on .+; wait for it`,
        ),
      ),
    ]);
    expect(result('refused')).toMatchObject({
      sweep: 'other',
      db: 'results/held.sqlite',
      progress: null,
      exitCode: 2,
      error: { code: 'DATABASE_HELD' },
    });
    // Readers still have access.
    expect(await inside('plan', sweep)).toMatchObject({ code: 0 });
    expect(query(work.path('results/held.sqlite'), 'SELECT sweep FROM progress')).toEqual([
      { sweep: 'held' },
    ]);
    child.kill('SIGTERM');
    const { code, stdout } = await ended;
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      sweep: 'held',
      stopped: true,
      thresholds: expect.any(Array),
      exitCode: 3,
    });
    expect(result('stopped')).toEqual(JSON.parse(stdout));
  });

  it.skipIf(!hasScript())('by the end of its terminal: exits 3 and releases the database', async () => {
    const sweep = work.sweep(long('terminal', 3000));
    const db = work.path('results/terminal.sqlite');
    // Like a shell, the script passes SIGHUP on. It stays alive to record the exit code.
    const run = `'${process.execPath}' '${PROGRAM}' run ${sweep} --threads 2 --on-end 'cat > hung-up'`;
    const command = `${run} & trap 'kill -HUP $!' HUP; wait $!; wait $!; echo $? > code`;
    const terminal = spawn('script', ['-qc', command, '/dev/null'], { cwd: work.folder, stdio: 'ignore' });
    await committed(db, 20);
    terminal.kill('SIGKILL');
    await vi.waitUntil(
      () => existsSync(work.path('code')) && readFileSync(work.path('code'), 'utf8'),
      30_000,
    );
    expect(readFileSync(work.path('code'), 'utf8')).toBe('3\n');
    expect(result('hung-up')).toMatchObject({ sweep: 'terminal', stopped: true, exitCode: 3 });
    expect(query(db, 'SELECT * FROM holder')).toEqual([]);
    expect(query(db, `SELECT * FROM attempts WHERE outcome = 'stopped'`).length).toBeGreaterThan(0);
  });

  it('by a second SIGINT: exits immediately, and the database is consistent', async () => {
    const sweep = work.sweep({
      name: 'impatient',
      dataset: DIGITS,
      inputs: { scaling: 'centred' },
      train: { batchSize: 'full' },
      // A step takes most of a second, so the first signal does not stop the run immediately.
      axes: { datasetSize: 300, width: 8000, seed: [0], pretrainIterations: [1000], subnetSize: [1] },
    });
    const { child, ended, stderrMatches } = work.start(
      ...['run', sweep, '--threads', '1', ...saved('impatient')],
    );
    await stderrMatches(PROGRESS);
    await committed(work.path('results/impatient.sqlite'), 1);
    child.kill('SIGINT');
    await stderrMatches(/stopping after the present step/);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(result('impatient')).toMatchObject({
      stopped: true,
      progress: { trajectoriesDone: 0, cellsDone: 1 },
      exitCode: 3,
      error: null,
    });
    expect(query(work.path('results/impatient.sqlite'), 'SELECT pretrain_iterations FROM results')).toEqual([
      { pretrain_iterations: 0 },
    ]);
    expect(query(work.path('results/impatient.sqlite'), 'SELECT * FROM holder')).toEqual([]);
    const next = await inside('run', sweep, '--set', 'axes.pretrainIterations=[1]');
    expect(next.code).toBe(0);
    expect(query(work.path('results/impatient.sqlite'), 'SELECT outcome FROM attempts')).toEqual([
      { outcome: 'stopped' },
      { outcome: 'done' },
    ]);
  });
});
