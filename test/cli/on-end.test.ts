import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { runOnEnd, runOnEndNow, withOnEnd } from '../../src/cli/on-end.js';
import { type RunResult, resultLine } from '../../src/cli/run-result.js';
import { runInside } from '../support/inside.js';
import { PROGRAM, Workplace } from '../support/program.js';
import { plainSweep } from '../support/small-sweeps.js';

const RESULT: RunResult = {
  sweep: 'night',
  db: 'results/night.sqlite',
  stopped: false,
  seconds: 61,
  progress: {
    sweep: 'night',
    trajectories: 1,
    trajectoriesDone: 0,
    trajectoriesFailed: 1,
    cells: 5,
    cellsDone: 2,
  },
  thresholds: [],
  exitCode: 1,
  error: null,
};
const ended = (error: string): RunResult => ({
  ...RESULT,
  sweep: null,
  db: null,
  progress: null,
  exitCode: 2,
  error: { code: 'BAD_INPUT', message: error },
});
const KEYS = ['sweep', 'db', 'stopped', 'seconds', 'progress', 'thresholds', 'exitCode', 'error'];
const SHORT_MS = 1_000;

let work: Workplace;
beforeAll(() => {
  work = new Workplace();
});
afterAll(() => work.remove());
afterEach(() => {
  vi.restoreAllMocks();
});

const read = (name: string) => readFileSync(work.path(name), 'utf8');
/** Whether a process lives of the group of a command that wrote its id into a file. Zombies do not. */
function isGroupAlive(name: string): boolean {
  const group = read(name).trim();
  return readdirSync('/proc').some(entry => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const [state, , of] = readFileSync(`/proc/${entry}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      return of === group && state !== 'Z';
    } catch {
      return false;
    }
  });
}

describe.each([
  ['while the run waits', runOnEnd],
  ['while the process exits', runOnEndNow],
])('the command, %s', (_, run) => {
  it('reads the result, and finds its main parts in the environment', async () => {
    const file = work.path('result.json');
    const variables = ['SWEEP', 'DB', 'EXIT', 'STATE', 'MESSAGE']
      .map(name => `"$ESPALIER_${name}"`)
      .join(' ');
    const command = (result: RunResult) =>
      run(`cat > '${file}'; printf '%s\n' ${variables} > '${file}.env'`, result);
    expect(await command(RESULT)).toBe(null);
    expect(JSON.parse(read('result.json'))).toEqual(RESULT);
    expect(read('result.json.env').split('\n')).toEqual([
      'night',
      'results/night.sqlite',
      '1',
      'failed',
      'night finished after 61 s: 2 of 5 cells, 0 of 1 trajectory, 1 failed',
      '',
    ]);
    expect(await command(ended('x.yaml: no such file'))).toBe(null);
    expect(read('result.json.env')).toBe('\n\n2\nerror\nx.yaml: no such file\n');
  });

  it.each([
    ['exit 7', 'ended with exit code 7'],
    ['no-such-command 2> /dev/null', 'ended with exit code 127'],
    ['kill -TERM $$', 'was killed by SIGTERM'],
  ])('that fails is told: %s', async (command, fault) => expect(await run(command, RESULT)).toBe(fault));

  it('may leave the result unread', async () => {
    const large = ended('x'.repeat(100_000));
    const many = {
      ...large,
      thresholds: Array.from({ length: 100_000 }, () => ({})),
    } as unknown as RunResult;
    expect(await run('true', many)).toBe(null);
  });

  it('that cannot be started is told', async () => {
    expect(await run('true', ended('x'.repeat(3_000_000)))).toMatch(/^could not be started \(.*E2BIG/);
    expect(await run('true', ended('\0'))).toMatch(/^could not be started \(/);
  });

  it.skipIf(process.platform !== 'linux')(
    'that does not end is killed with all that it started',
    async () => {
      const command = `echo $$ > '${work.path('group')}'; (trap '' TERM HUP; sleep 600) | sleep 600; true`;
      expect(await run(command, RESULT, SHORT_MS)).toBe('was killed: it took more than 1 second');
      expect(read('group')).toMatch(/^\d+$/m);
      await expect.poll(() => isGroupAlive('group')).toBe(false);
    },
  );
});

it.skipIf(process.platform !== 'linux')('a stop signal ends the command', async () => {
  const group = work.path('signalled');
  const end = runOnEnd(`echo $$ > '${group}'; sleep 600; true`, RESULT);
  await expect.poll(() => existsSync(group) && read('signalled') !== '').toBe(true);
  process.emit('SIGUSR2');
  expect(await end).toBe('was killed by a signal to this run');
  await expect.poll(() => isGroupAlive('signalled')).toBe(false);
});

it.each([
  [RESULT, 'night finished after 61 s: 2 of 5 cells, 0 of 1 trajectory, 1 failed'],
  [{ ...RESULT, stopped: true, progress: null }, 'night stopped after 61 s'],
  [{ ...RESULT, sweep: null, stopped: true, progress: null }, 'the run stopped after 61 s'],
  [ended('x.yaml: no such file'), 'x.yaml: no such file'],
  [{ ...ended('held by another run'), sweep: 'night' }, 'night: held by another run'],
])('the result on a line %#', (result, line) => expect(resultLine(result)).toBe(line));

it('the commands of docs/overnight.md are commands', () => {
  const page = readFileSync(join(PACKAGE_ROOT, 'docs', 'overnight.md'), 'utf8');
  const commands = [...page.matchAll(/--on-end '([^']+)'/g)].map(([, command]) => command!);
  expect(commands.length).toBeGreaterThan(6);
  for (const command of commands) execFileSync('sh', ['-nc', command]);
});

describe('run --on-end', () => {
  const saved = (name: string) => ['--on-end', `cat > ${name}`];
  const result = (name: string): RunResult => JSON.parse(read(name));

  it('tells of an end by bad input, as far as the input was understood', async () => {
    const sweep = work.sweep(plainSweep({ name: 'refused' }));
    const refused = async (name: string, ...args: string[]) => {
      const { code, stdout, stderr } = await runInside(work, 'run', ...args, ...saved(name));
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      const { error, seconds, ...rest } = result(name);
      expect(Object.keys(result(name))).toEqual(KEYS);
      expect(stderr).toBe(`espalier: ${error!.message}\n`);
      expect(seconds).toBeGreaterThan(0);
      return { code: error!.code, ...rest };
    };
    const nothing = { stopped: false, progress: null, thresholds: [], exitCode: 2 };
    const unread = { ...nothing, sweep: null, db: null, code: 'BAD_INPUT' };
    expect(await refused('a.json', 'none.yaml')).toEqual(unread);
    expect(await refused('b.json', sweep, '--until', 'noon')).toEqual(unread);
    const known = { ...unread, sweep: 'refused' };
    expect(await refused('d.json', sweep, '--db', sweep)).toEqual({
      ...known,
      db: sweep,
      code: 'NOT_A_DATABASE',
    });
  });

  it('is not run where the command line is not understood, or with --dry-run', async () => {
    const sweep = work.sweep(plainSweep({ name: 'dry' }));
    expect((await runInside(work, 'run', sweep, '--dry-run', ...saved('dry.json'))).code).toBe(0);
    expect((await runInside(work, 'run', sweep, '--nonsense', ...saved('dry.json'))).code).toBe(2);
    expect(existsSync(work.path('dry.json'))).toBe(false);
    const empty = await runInside(work, 'run', sweep, '--on-end', ' ');
    expect(empty).toMatchObject({
      code: 2,
      stderr: 'espalier: --on-end: found " ", expected a command for the shell\n',
    });
  });

  it('warns of a command that fails, and exits as without it', async () => {
    const { code, stderr } = await runInside(work, 'run', 'none.yaml', '--on-end', 'exit 4');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^espalier: none.yaml: no such file.+\nwarning: --on-end: the command ended with exit code 4\n$/,
    );
  });

  it('tells of a defect that is thrown', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const command = `cat > '${work.path('thrown.json')}'`;
    await withOnEnd({ command, isVerbose: false }, async learn => {
      learn({ sweep: 'night', db: 'night.sqlite' });
      throw new TypeError('undefined is not\n a function');
    });
    expect(process.exitCode).toBe(70);
    process.exitCode = undefined;
    expect(result('thrown.json')).toMatchObject({
      sweep: 'night',
      db: 'night.sqlite',
      exitCode: 70,
      error: {
        code: 'ERROR',
        message: expect.stringMatching(/^a defect of espalier .+: undefined is not a function$/),
      },
    });
  });

  it('tells of a defect outside of any call, and has released the database by then', async () => {
    const sweep = work.sweep(plainSweep({ name: 'defect' }));
    // The first line of progress provokes it.
    const provoke = `const { write } = process.stderr; process.stderr.write = function (text, ...rest) {
      if (/cells/.test(text)) setImmediate(() => { throw new Error('provoked'); });
      return write.call(this, text, ...rest); };`;
    const { ended } = work.startWith(
      {
        NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(provoke)}`,
        NODE: process.execPath,
        PROGRAM,
      },
      ...[
        'run',
        sweep,
        ...saved('defect.json; unset NODE_OPTIONS; "$NODE" "$PROGRAM" retry results/defect.sqlite'),
      ],
    );
    const { code, stderr } = await ended;
    expect(code).toBe(70);
    expect(stderr).toContain('0 trajectories are pending again');
    expect(result('defect.json')).toMatchObject({
      sweep: 'defect',
      progress: { cells: 32 },
      exitCode: 70,
      error: { message: expect.stringMatching(/: provoked$/) },
    });
  });

  it('reads what --json prints, and does not mix with it', async () => {
    const sweep = work.sweep(plainSweep({ name: 'whole' }));
    const { code, stdout, stderr } = await work.run(
      ...['run', sweep, '--json', '--on-end', 'tee whole.json; echo $ESPALIER_STATE'],
    );
    expect(code).toBe(0);
    expect(stdout).toBe(read('whole.json'));
    expect(stderr).toMatch(/\nfinished\n$/);
    expect(stderr).toContain(stdout);
    expect(Object.keys(JSON.parse(stdout))).toEqual(KEYS);
    expect(JSON.parse(stdout)).toMatchObject({ stopped: false, exitCode: 0, error: null });
  });
});
