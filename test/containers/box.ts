/**
 * What a container engine does, with the namespaces of Linux and this machine's own `/usr` in place of an image's: a root
 * folder of its own, a process that is number 1, a user, folders, a network. Needs root.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ETC = ['alternatives', 'ssl', 'ld.so.cache', 'resolv.conf', 'nsswitch.conf', 'npmrc'];
/** As in the images of Node and Redis. */
const USERS = { root: [0, 0], node: [1000, 1000], redis: [999, 1000] } as const;
export type User = keyof typeof USERS;

export const userIds = (user: User): readonly [uid: number, gid: number] => USERS[user];

/** Whether this process may make namespaces. */
export const canBox = spawnSync('unshare', ['--mount', '--pid', '--net', '--fork', 'true']).status === 0;

/** A root folder in the place of an image. `/usr` is this machine's, but for `/usr/local/bin`. */
export function makeRoot(root: string): void {
  for (const folder of ['usr', 'etc', 'proc', 'dev', 'tmp', 'opt', 'root', 'local-bin'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const link of ['bin', 'lib', 'lib64', 'sbin']) symlinkSync(`usr/${link}`, join(root, link));
  for (const name of ETC)
    cpSync(join('/etc', name), join(root, 'etc', name), {
      recursive: true,
      verbatimSymlinks: true,
      force: true,
    });
  const lines = (line: (user: string, uid: number, gid: number) => string) =>
    Object.entries(USERS)
      .map(([user, [uid, gid]]) => `${line(user, uid, gid)}\n`)
      .join('');
  writeFileSync(
    join(root, 'etc/passwd'),
    lines((user, uid, gid) => `${user}:x:${uid}:${gid}::/${user}:/bin/sh`),
  );
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
}

export interface BoxOptions {
  readonly root: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: User;
  readonly workdir?: string;
  /** Folders of this machine, by their path in the box; with `:ro` at the end of the path to be read only. */
  readonly volumes?: readonly (readonly [from: string, to: string])[];
  readonly isReadOnly?: boolean;
  readonly tmpfs?: readonly string[];
  /** A network of its own, by makeNetwork; without one, this machine's. */
  readonly network?: number;
}

/** The process that stays outside; the one inside is its child. */
export class Box {
  readonly ended: Promise<number | null>;
  output = '';

  constructor(readonly child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', text => {
        this.output += text;
      });
    this.ended = new Promise(resolve => child.on('close', resolve));
  }

  /** The number that the process 1 of the box has outside; undefined once it is gone. */
  get pid(): number | undefined {
    const { pid } = this.child;
    try {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
      return children === '' ? undefined : Number(children.split(' ')[0]);
    } catch {
      return undefined;
    }
  }

  kill(signal: NodeJS.Signals): void {
    const { pid } = this;
    if (pid !== undefined) process.kill(pid, signal);
  }
}

export function startBox(options: BoxOptions): Box {
  const { root, argv, env = {}, user = 'root', workdir = '/', volumes = [], tmpfs = [], network } = options;
  const inside = (path: string) => quote(join(root, path));
  const mounts = [
    `mount --bind ${quote(root)} ${quote(root)}`,
    `cd ${quote(root)}`,
    'mount --bind /usr usr && mount -o remount,bind,ro usr && mount --bind local-bin usr/local/bin',
    'mount --rbind /dev dev && mount -t proc proc proc',
    ...tmpfs.map(path => `mount -t tmpfs tmpfs ${inside(path)}`),
    ...volumes.map(([from, to]) => {
      const [path, mode] = to.split(':') as [string, string?];
      const remount = mode === 'ro' ? ` && mount -o remount,bind,ro ${inside(path)}` : '';
      return `mount --bind ${quote(from)} ${inside(path)}${remount}`;
    }),
    ...(options.isReadOnly
      ? [`mount -o remount,bind,ro ${quote(root)} && mount -o remount,bind,ro usr/local/bin`]
      : []),
  ];
  const [uid, gid] = USERS[user];
  const rights =
    user === 'root' ? [] : [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--bounding-set=-all'];
  const variables = Object.entries({ PATH, ...env }).map(([name, value]) => `${name}=${value}`);
  const process1 = [
    'setpriv',
    '--no-new-privs',
    ...rights,
    'env',
    '-i',
    '-C',
    workdir,
    ...variables,
    ...argv,
  ];
  const script = `set -e\n${mounts.join('\n')}\nexec chroot ${quote(root)} ${process1.map(quote).join(' ')}`;
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'];
  const command = ['unshare', ...namespaces, 'sh', '-c', script];
  return new Box(run(network === undefined ? command : [...enter(network), ...command]));
}

/** Runs a command beside the process 1 of a box, as a health check does. Resolves with its exit code. */
export function execIn(
  box: Box,
  { argv, env = {}, user = 'root' }: Omit<BoxOptions, 'root'>,
): Promise<number | null> {
  const { pid } = box;
  if (pid === undefined) return Promise.resolve(1);
  const [uid, gid] = USERS[user];
  const variables = Object.entries({ PATH, ...env }).map(([name, value]) => `${name}=${value}`);
  return new Box(
    run([
      ...['nsenter', '--target', String(pid), '--mount', '--pid', '--net', '--root', '--wd'],
      ...[
        'setpriv',
        `--reuid=${uid}`,
        `--regid=${gid}`,
        '--clear-groups',
        'env',
        '-i',
        ...variables,
        ...argv,
      ],
    ]),
  ).ended;
}

/** A network where the names of services lead to one another, each on its own ports. */
export async function makeNetwork(): Promise<ChildProcess> {
  const child = run(['unshare', '--net', 'sh', '-c', 'ip link set lo up && echo up && exec sleep 86400']);
  await new Promise((resolve, reject) => {
    child.stdout!.once('data', resolve);
    child.once('exit', code => reject(new Error(`no network: ${code}`)));
  });
  return child;
}

export const enter = (network: number): string[] => ['nsenter', `--net=/proc/${network}/ns/net`];

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const run = ([program, ...args]: readonly string[]): ChildProcess =>
  spawn(program!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
