/**
 * Does what deploy/Dockerfile says, from the tarball of `npm pack`, then starts what deploy/compose.yaml says, in namespaces
 * of Linux. Of the images' own systems it says nothing: `/usr`, with Node and Redis, is this machine's.
 *
 *   apt-get install -y redis-server g++ make python3 && npm run test:containers
 *
 * ESPALIER_PREBUILDS is a folder like ~/.npm/_prebuilds, for machines that do not reach GitHub and are slow to compile.
 */
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import { hasRedis } from '../support/redis.js';
import { plainSweep } from '../support/small-sweeps.js';
import {
  type Box,
  canBox,
  enter,
  execIn,
  makeNetwork,
  makeRoot,
  startBox,
  type User,
  userIds,
} from './box.js';
import { imageSettings, type Service, services, stages } from './files.js';

const VARIABLES = {
  SWEEP: 'tried',
  REDIS_PASSWORD: 'a-password-of-redis',
  ESPALIER_TOKEN: 'token-of-16-letters',
};
const image = imageSettings();
const composed = services(VARIABLES);
const home = mkdtempSync(join(tmpdir(), 'espalier-containers-'));
const [context, built, root] = ['context', 'built', 'root'].map(name => join(home, name)) as [
  string,
  string,
  string,
];
const boxes: Box[] = [];
let network: number;

/** A part of the sweep takes long enough for workers to come and go. */
const SWEEP = plainSweep({
  name: 'tried',
  dataset: { name: 'digits', pool: 1_000, test: 100 },
  axes: {
    datasetSize: [300, 500],
    width: 100,
    seed: { count: 4 },
    pretrainIterations: [2, 9, 4_000],
    subnetSize: [3, 7],
  },
  thresholds: [{ metric: 'subnet_train_loss', atMost: 0.4 }],
});

const start = (options: Parameters<typeof startBox>[0]): Box => {
  const box = startBox(options);
  boxes.push(box);
  return box;
};

async function build(): Promise<void> {
  execFileSync('npm', ['pack', '--pack-destination', context], { cwd: PACKAGE_ROOT, stdio: 'ignore' });
  const [compile, last] = stages();
  for (const folder of [built, root]) makeRoot(folder);
  for (const name of readdirSync(context).filter(each => each.endsWith('.tgz')))
    cpSync(join(context, name), join(built, 'tmp', name));
  const prebuilds = process.env.ESPALIER_PREBUILDS;
  if (prebuilds) cpSync(prebuilds, join(built, 'root/.npm/_prebuilds'), { recursive: true });
  for (const { word, rest } of compile!.instructions) {
    // The compiler and Python are this machine's.
    if (word !== 'RUN' || rest.startsWith('apt-get')) continue;
    await inRoot(built, rest);
  }
  const copied = last!.instructions.find(({ word }) => word === 'COPY')!.rest.split(' ');
  expect(copied[0]).toBe(`--from=${compile!.name}`);
  renameSync(join(built, copied[1]!), join(root, copied[2]!));
  for (const { word, rest } of last!.instructions) if (word === 'RUN') await inRoot(root, rest);
}

async function inRoot(folder: string, command: string): Promise<void> {
  const passed = Object.entries(process.env).filter(([name]) =>
    /CERT|PROXY|^npm_config_registry$/i.test(name),
  );
  const env = {
    ...(Object.fromEntries(passed) as Record<string, string>),
    HOME: '/root',
    // Node's headers are where this machine has them.
    npm_config_nodedir: dirname(dirname(realpathSync(process.execPath))),
  };
  const box = start({ root: folder, argv: ['sh', '-c', command], env });
  expect(await box.ended, `${command}\n${box.output}`).toBe(0);
}

/** The folder of a named volume, or of this project. As an engine does, a new volume belongs to whom the image says. */
function volume(user: User, text: string): [string, string] {
  const [name, ...to] = text.split(':') as [string, ...string[]];
  if (name.startsWith('.')) return [join(context, 'deploy', name), to.join(':')];
  const folder = join(home, 'volumes', name);
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true });
    chownSync(folder, ...userIds(user));
  }
  return [folder, to.join(':')];
}

const isOurs = ({ image: name }: Service) => name === 'espalier';
const userOf = (service: Service) => (service.user ?? (isOurs(service) ? image.user : 'root')) as User;

function up(name: string): Box {
  const service = composed[name]!;
  const ours = isOurs(service);
  const user = userOf(service);
  const volumes = service.volumes.map(each => volume(user, each));
  for (const [, to] of volumes) mkdirSync(join(root, to.split(':')[0]!), { recursive: true });
  return start({
    root,
    argv: [...(ours ? image.entrypoint : []), ...service.command],
    env: { ...(ours ? image.env : {}), ...service.environment },
    user,
    workdir: ours ? image.workdir : '/data',
    volumes,
    isReadOnly: service.read_only ?? false,
    tmpfs: service.tmpfs ?? [],
    network,
  });
}

/** What the engine would make of the service's health check, or of the image's. */
function health(name: string, box: Box): Promise<number | null> {
  const service = composed[name]!;
  const [how, ...command] = service.healthcheck?.test ?? ['CMD', ...image.health];
  const argv = how === 'CMD-SHELL' ? ['sh', '-c', command[0]!] : command;
  return execIn(box, { argv, env: { ...image.env, ...service.environment }, user: userOf(service) });
}

function page(path: string, token = ''): string {
  const script = `fetch('http://127.0.0.1:8750${path}', { headers: { authorization: 'Bearer ${token}' } }).then(async r => console.log(r.status, await r.text()))`;
  const [program, ...args] = [...enter(network), process.execPath, '-e', script];
  return execFileSync(program!, args, { encoding: 'utf8' });
}

function espalier(...argv: string[]): Box {
  const volumes = [volume('node', 'results:/work/results'), volume('node', '../sweeps:/sweeps:ro')];
  const env = { ...image.env };
  return start({
    root,
    argv: [...image.entrypoint, ...argv],
    env,
    user: 'node',
    workdir: image.workdir,
    volumes,
    tmpfs: ['/tmp'],
    network,
  });
}

const NUMBERS = `SELECT trajectory_id, pretrain_iterations, subnet_size, dense_train_loss, subnet_train_loss, subnet_test_loss
  FROM results ORDER BY 1, 2, 3`;

describe.skipIf(!canBox || !hasRedis)(
  'containers, without an engine (root, namespaces, redis-server)',
  () => {
    beforeAll(async () => {
      mkdirSync(join(context, 'sweeps'), { recursive: true });
      mkdirSync(join(context, 'deploy'));
      writeFileSync(join(context, 'sweeps/tried.yaml'), JSON.stringify(SWEEP));
      await build();
      network = (await makeNetwork()).pid!;
      writeFileSync(
        join(root, 'etc/hosts'),
        Object.keys(composed).reduce((hosts, name) => `${hosts}127.0.0.1 ${name}\n`, '127.0.0.1 localhost\n'),
      );
    });
    afterAll(async () => {
      // With process 1 goes everything in a box.
      for (const box of boxes) box.kill('SIGKILL');
      if (network) process.kill(network);
      await Promise.all(boxes.map(({ ended }) => ended));
      rmSync(home, { recursive: true });
    });

    it('has what the package needs, native kernels included, and no package of development', async () => {
      const box = espalier('bench', '--help');
      expect(await box.ended, box.output).toBe(0);
      const installed = readdirSync(join(root, 'opt/espalier/node_modules'));
      expect(installed).not.toContain('typescript');
      expect(installed).not.toContain('@tensorflow');
      expect(readdirSync(join(root, 'opt/espalier/node_modules/espalier/dist/native'))).toContain(
        `kernels-${process.platform}-${process.arch}.node`,
      );
      console.log(execFileSync('du', ['-sh', join(root, 'opt/espalier')], { encoding: 'utf8' }).trim());
    });

    it('runs a sweep as composed, to the bits of a run by itself', async () => {
      const redis = up('redis');
      await expect.poll(() => health('redis', redis)).toBe(0);
      const live = up('page');
      await expect
        .poll(() => health('page', live).then(code => (live.pid === undefined ? live.output : code)))
        .toBe(0);
      const workers = [up('worker'), up('worker')];
      const run = up('run');

      await expect.poll(() => run.output).toContain('cells/s');
      for (const [name, box] of [
        ['run', run],
        ['worker', workers[0]!],
      ] as const)
        expect(await health(name, box), name).toBe(0);

      expect(page('/')).toMatch(/^401 /);
      expect(page('/', VARIABLES.ESPALIER_TOKEN)).toMatch(/^200 /);

      // As `docker stop`: it is process 1, and leaves by itself.
      workers[0]!.kill(image.stopSignal);
      expect(await workers[0]!.ended, workers[0]!.output).toBe(0);
      expect(await health('worker', workers[0]!)).not.toBe(0);
      expect(await run.ended, run.output).toBe(0);
      live.kill('SIGKILL');
      await live.ended;
      expect(await health('page', live)).not.toBe(0);
      expect(
        workers
          .concat(run, live)
          .map(({ output }) => output)
          .join(),
      ).not.toContain(VARIABLES.REDIS_PASSWORD);

      const local = espalier(
        'run',
        '/sweeps/tried.yaml',
        '--db',
        '/work/results/local.sqlite',
        '--threads',
        '2',
      );
      expect(await local.ended, local.output).toBe(0);
      const [queue, alone] = ['tried', 'local'].map(name =>
        espalier('query', `/work/results/${name}.sqlite`, '--format', 'csv', NUMBERS),
      ) as [Box, Box];
      expect([await queue.ended, await alone.ended]).toEqual([0, 0]);
      expect(queue.output.split('\n').length).toBeGreaterThan(48);
      expect(queue.output).toBe(alone.output);
    });
  },
);
