/** `run --queue` and `worker`, as users type them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { runInside } from '../support/inside.js';
import { Workplace } from '../support/program.js';
import { freePort, hasOpenssl, hasRedis, RedisServer, selfSigned, WITHOUT_REDIS } from '../support/redis.js';
import { numbers, query } from '../support/results.js';
import { plainSweep } from '../support/small-sweeps.js';

const PASSWORD = 'verysecret';
const work = new Workplace();
afterAll(() => work.remove());

describe('what is refused in one line', () => {
  const file = work.sweep(plainSweep());
  it.each([
    [
      ['run', file, '--queue', 'http://me:verysecret@host'],
      /^espalier: --queue: found "http:\/\/host", expected a Redis/,
    ],
    [['run', file, '--queue-name', 'x'], /^espalier: --queue-name: expected with --queue\n$/],
    [
      ['run', file, '--queue', 'redis://h', '--queue-name', 'a:b'],
      /^espalier: --queue-name: found "a:b", expected up to 100 letters/,
    ],
    [
      ['run', file, '--audit', '1.5'],
      /^espalier: --audit: found 1\.5, expected a share above 0, at most 1\n$/,
    ],
    [
      ['run', file, '--queue', 'redis://h', '--threads', '0'],
      /^espalier: --threads: found 0, expected a whole number from 1/,
    ],
    [['worker'], /^espalier: --queue: not given, and ESPALIER_QUEUE is not set, expected a Redis server\n$/],
    [
      ['worker', '--queue', 'nowhere'],
      /^espalier: --queue: found "nowhere", expected a Redis server such as/,
    ],
    [
      ['worker', '--queue', 'redis://h', '--until-idle', '0'],
      /^espalier: --until-idle: found 0, expected a number of seconds/,
    ],
    [
      ['worker', '--queue', 'redis://h', '--data-dir', 'nowhere'],
      /^espalier: --data-dir: .*nowhere does not exist, expected a folder with data files\n$/,
    ],
    [['worker', '--queue', 'redis://h', '--engine', 'noop'], /^espalier: .*engine.*noop/],
    [
      ['worker', '--queue', 'redis://h', '--memory', 'much'],
      /^espalier: --memory: found "much", expected a size/,
    ],
  ])('%j', async (args, message) => {
    const { code, stderr } = await runInside(work, ...args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain(PASSWORD);
    expect(code).toBe(2);
    expect(work.files().filter(name => name.includes('sqlite'))).toEqual([]);
  });

  it('a server that is not there', async () => {
    vi.stubEnv('ESPALIER_QUEUE_TIMES', 'connectMs=500');
    const port = await freePort();
    const { code, stderr } = await runInside(
      work,
      'worker',
      '--queue',
      `redis://:${PASSWORD}@127.0.0.1:${port}`,
    );
    expect(stderr).toMatch(
      new RegExp(`^espalier: redis://127.0.0.1:${port} cannot be reached: .*ECONNREFUSED.*\n$`),
    );
    expect(stderr).not.toContain(PASSWORD);
    expect(code).toBe(2);
  });
});

describe.skipIf(!hasRedis)(hasRedis ? 'with a server' : WITHOUT_REDIS, () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start('--requirepass', PASSWORD);
  });
  afterAll(() => redis?.remove());
  const environment = () => ({
    ESPALIER_QUEUE: `redis://:${PASSWORD}@127.0.0.1:${redis.port}`,
    ESPALIER_QUEUE_TIMES: 'beatMs=100 lookMs=100',
  });

  it('without its password, it refuses in one line', async () => {
    const { code, stderr } = await runInside(work, 'worker', '--queue', redis.url);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^espalier: redis:\/\/[\d.:]+: NOAUTH.*\n$/),
    });
  });

  it('gives the results of a local run, the password in no output and no file', async () => {
    const file = work.sweep(
      plainSweep({ name: 'rich', train: { batchSize: 8, momentum: 0.9, layers: 'both' } }),
    );
    const [local, worker] = [
      work.run('run', file, '--db', 'local.sqlite', '--threads', '1'),
      work.startWith(environment(), 'worker', '--threads', '1'),
    ];
    const run = await work.startWith(
      environment(),
      ...['run', file, '--db', 'queue.sqlite', '--queue', redis.url, '--audit', '0.5'],
    ).ended;
    expect((await local).code).toBe(0);
    expect(run).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('espalier worker --queue redis://'),
    });
    expect(numbers(work.path('queue.sqlite'))).toEqual(numbers(work.path('local.sqlite')));
    worker.child.kill('SIGTERM');
    const done = await worker.ended;
    expect(done.code).toBe(0);
    expect(done.stderr).toContain('takes part in the run rich-');
    const [attempt] = query(
      work.path('queue.sqlite'),
      'SELECT DISTINCT process, outcome, threads FROM attempts',
    );
    expect(attempt).toEqual({ process: worker.child.pid, outcome: 'done', threads: 1 });
    const written = readdirSync(work.folder).map(name => readFileSync(join(work.folder, name), 'latin1'));
    for (const text of [run.stdout, run.stderr, done.stdout, done.stderr, ...written])
      expect(text).not.toContain(PASSWORD);
  });

  it('threads of its own compute, too, and status shows them', async () => {
    const file = work.sweep(
      plainSweep({ name: 'own', axes: { seed: { count: 3 }, pretrainIterations: [5_000] } }),
    );
    const run = work.startWith(
      environment(),
      ...['run', file, '--db', 'own.sqlite', '--queue', redis.url, '--threads', '2'],
    );
    type Shown = { queue: { workers: { threads: number; process: number }[]; server: string } | null };
    let shown: Shown | null = null;
    await expect
      .poll(async () => {
        const { stdout } = await runInside(work, 'status', 'own.sqlite', '--json');
        shown = stdout === '' ? null : (JSON.parse(stdout) as Shown);
        return shown?.queue?.workers.length ?? 0;
      })
      .toBe(1);
    expect(shown!.queue).toMatchObject({
      server: redis.url,
      workers: [{ threads: 2, process: run.child.pid, running: expect.any(Array) }],
    });
    expect((await runInside(work, 'status', 'own.sqlite')).stdout).toMatch(/workers of own-\w+ at redis:/);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(3);
    const again = await work.startWith(
      environment(),
      ...['run', file, '--db', 'own.sqlite', '--queue', redis.url, '--threads', '2'],
    ).ended;
    expect(again.code).toBe(0);
    expect(query(work.path('own.sqlite'), 'SELECT status FROM trajectories GROUP BY 1')).toEqual([
      { status: 'done' },
    ]);
  });
});

describe.skipIf(!hasRedis || !hasOpenssl)('over TLS, as the user that the guide recommends', () => {
  let redis: RedisServer;
  let url: URL;
  let certificate: string;
  beforeAll(async () => {
    const made = selfSigned(work.folder);
    certificate = made.certificate;
    const port = await freePort();
    url = new URL(`rediss://espalier:${PASSWORD}@127.0.0.1:${port}`);
    const guide = readFileSync(join(PACKAGE_ROOT, 'docs', 'many-machines.md'), 'utf8');
    const [, rules = ''] = /`ACL SETUSER (espalier on .*?)`/.exec(guide) ?? [];
    redis = await RedisServer.start(
      ...['--tls-port', String(port), '--tls-cert-file', certificate, '--tls-key-file', made.key],
      ...['--tls-ca-cert-file', certificate, '--tls-auth-clients', 'no'],
      ...['--user', ...rules.replace('PASSWORD', PASSWORD).split(' ')],
      ...['--user', 'default', 'off'],
    );
  });
  afterAll(() => redis?.remove());
  const shown = () => `rediss://${url.host}`;
  const trusting = () => ({ NODE_EXTRA_CA_CERTS: certificate });
  const environment = () => ({
    ...trusting(),
    ESPALIER_QUEUE: url.href,
    ESPALIER_QUEUE_TIMES: 'beatMs=100 lookMs=100',
  });

  it('run and worker find each other, and the password is in no output and no file', async () => {
    const file = work.sweep(plainSweep({ name: 'tls' }));
    const worker = work.startWith(environment(), 'worker', '--threads', '1', '--until-idle', '60');
    const run = await work.startWith(environment(), ...['run', file, '--queue', shown(), '--json']).ended;
    expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining(`worker --queue ${shown()}`) });
    worker.child.kill('SIGTERM');
    const done = await worker.ended;
    expect(done.code).toBe(0);
    expect(done.stderr).toContain(`at ${shown()} with 1 thread`);
    expect((await runInside(work, 'run', file, '--db', 'alone.sqlite')).code).toBe(0);
    expect(numbers(work.path('results/tls.sqlite'))).toEqual(numbers(work.path('alone.sqlite')));
    const written = work
      .files()
      .filter(name => /tls\.sqlite/.test(name) && statSync(work.path(name)).isFile())
      .map(name => readFileSync(work.path(name), 'latin1'));
    expect(written.length).toBeGreaterThan(0);
    for (const text of [run.stdout, run.stderr, done.stdout, done.stderr, ...written])
      expect(text).not.toContain(PASSWORD);
  });

  it.each([
    [
      'a certificate that nobody vouches for',
      () => url.href,
      () => ({}),
      /self-signed certificate; expected a certificate of a known authority, or of one in the file NODE_EXTRA_CA_CERTS\n$/,
    ],
    ['another password', () => url.href.replace(PASSWORD, `${PASSWORD}x`), environment, /: WRONGPASS .*\n$/],
    ['no user', shown, trusting, /: NOAUTH .*\n$/],
  ])('%s is refused at once, in one line', async (_, address, variables, message) => {
    const { code, stderr } = await work.startWith(
      variables(),
      'worker',
      '--queue',
      address(),
      '--threads',
      '1',
    ).ended;
    expect(stderr).toMatch(message);
    expect(stderr.startsWith(`espalier: ${shown()}: `)).toBe(true);
    expect(stderr).not.toContain(PASSWORD);
    expect(code).toBe(2);
  });
});
