/** What to do about what a machine lacks. */
import { sep } from 'node:path';
import type { Advice, DoctorReport, EngineState } from './report.js';

/** Snapshots of an overnight sweep do not fit into less. */
const LITTLE_ROOM_BYTES = 2e9;

/** How to get a C++ compiler, by platform: better-sqlite3 and the native kernels are compiled. */
const COMPILER: Readonly<Partial<Record<string, string>>> = {
  linux: 'install a C++ compiler (Debian, Ubuntu: apt-get install g++ make python3)',
  darwin: 'install a C++ compiler (xcode-select --install)',
};

export type Examined = Omit<DoctorReport, 'advice'>;

/**
 * Errors first, then notes.
 *
 * @param root the package's own folder: in a clone parts are built by other commands than in an installed package.
 */
export function adviseOn(report: Examined, root: string): Advice[] {
  const isInstalled = root.includes(`${sep}node_modules${sep}`);
  const compiler = COMPILER[report.machine.platform] ?? 'use Linux, macOS, or Linux in Windows (WSL)';
  return [
    ...onParts(report, compiler),
    ...report.engines.flatMap((engine, i) => onEngine(engine, i === 0, report, { isInstalled, compiler })),
    ...onData(report),
    ...onFolder(report),
    ...onQueue(report),
  ].toSorted((a, b) => Number(a.level === 'note') - Number(b.level === 'note'));
}

const error = (what: string, remedy: string): Advice => ({ level: 'error', what, remedy });
const note = (what: string, remedy: string): Advice => ({ level: 'note', what, remedy });

function* onParts({ sqlite, png }: Examined, compiler: string): Generator<Advice> {
  if (sqlite.problem !== null)
    yield error(`SQLite: ${sqlite.problem}`, `${compiler}, then run npm rebuild better-sqlite3`);
  if (png.problem !== null)
    yield error(`PNG figures: ${png.problem}`, 'run npm ci on this machine, optional packages included');
}

interface Installation {
  readonly isInstalled: boolean;
  readonly compiler: string;
}

function onEngine(
  { name, available, kernels, problem }: EngineState,
  isDefault: boolean,
  { environment }: Examined,
  { isInstalled, compiler }: Installation,
): Advice[] {
  const wanted = environment.ESPALIER_KERNELS;
  if (!available && isDefault) {
    const build = isInstalled ? 'install espalier again' : 'run npm run build';
    return [error(`engine ${name}: ${problem}`, wanted ? 'unset or mend ESPALIER_KERNELS' : build)];
  }
  // The message of an engine that has to be installed ends with what to do.
  if (!available) return [note(`engine ${name} is not there; no sweep needs it`, lastPart(problem!))];
  if (problem !== null) {
    const [what, remedy = 'report it with this output'] = problem.split('; ');
    return [note(what!, remedy)];
  }
  if (kernels !== 'wasm' || wanted === 'wasm') return [];
  const build = isInstalled ? 'npm rebuild espalier' : 'npm run build:native';
  return [
    note(
      'no native kernels are built: runs take about twice the time, and give the same bits',
      `${compiler}, then run ${build}`,
    ),
  ];
}

function* onData({ datasets }: Examined): Generator<Advice> {
  for (const problem of new Set(datasets.flatMap(({ problems }) => problems)))
    yield note(problem, 'allow it to be read, or name another folder in ESPALIER_DATA_DIR');
  const missing = datasets.filter(({ found }) => !found).map(({ name }) => name);
  if (missing.length > 0)
    yield note(
      `not found: ${missing.join(', ')}`,
      `run npx espalier data fetch ${missing[0]}, or name its folder in ESPALIER_DATA_DIR`,
    );
}

function* onFolder({ folder }: Examined): Generator<Advice> {
  if (folder.problem !== null)
    yield error(`this folder: ${folder.problem}`, 'run in a folder on a local disk');
  else if (folder.freeBytes !== null && folder.freeBytes < LITTLE_ROOM_BYTES)
    yield note('the disk of this folder is nearly full', 'run npx espalier plan SWEEP for what one takes');
}

function* onQueue({ queue }: Examined): Generator<Advice> {
  if (queue === null) return;
  if (queue.problem !== null)
    yield error(queue.problem, 'start the server, or mend --queue or ESPALIER_QUEUE');
  for (const what of queue.advice) yield note(what, 'run redis-cli CONFIG SET maxmemory-policy noeviction');
}

/** What follows the last `; `. */
const lastPart = (message: string): string => message.split('; ').at(-1)!;
