/** What this machine has for espalier, and what it lacks: the result of `espalier doctor`. */
import { statfsSync } from 'node:fs';
import { availableParallelism, cpus, homedir, release, totalmem } from 'node:os';
import { memoryBudget } from '../base/memory.js';
import { OLDEST_NODE, PACKAGE_ROOT, TOOL_VERSION } from '../base/paths.js';
import { nodeVersion, provenance } from '../base/provenance.js';
import { asInstallationError, systemReason } from '../base/system-error.js';
import { type DataSearch, findKnownDataset, searchPlaces, searchProblems } from '../data/locate.js';
import { KNOWN_DATASETS, type KnownName } from '../data/registry.js';
import type { EngineName } from '../domain/types.js';
import type { QueueAddress } from '../execute/queue/index.js';
import { networkMount } from '../store/file/filesystem.js';
import { adviseOn } from './advice.js';
import { examineQueue } from './examine-queue.js';
import { type EngineAnswer, probeEngine } from './probe-engine.js';
import type { DatasetState, DoctorReport, EngineState, Part } from './report.js';

export interface DoctorOptions extends DataSearch {
  readonly queue: QueueAddress | null;
  /** The engines that a user may ask for, the default first. */
  readonly engines: readonly EngineName[];
}

const VARIABLES = [
  'ESPALIER_DATA_DIR',
  'ESPALIER_KERNELS',
  'ESPALIER_TFJS_MODULE',
  'ESPALIER_WEBGPU_ADAPTER',
  'VK_DRIVER_FILES',
  'VK_ICD_FILENAMES',
  'ESPALIER_QUEUE',
];
const SECRET = 'ESPALIER_QUEUE';
/** How the messages of engines begin. */
const NAMES_ENGINE = /^engine "\w+" is not available: /;

/** Examines this machine. What is missing or broken is part of the report, and no error. */
export async function examine(options: DoctorOptions): Promise<DoctorReport> {
  const { gitRevision, gitDirty, cpu } = provenance(1);
  const [engines, sqlite, png, queue] = await Promise.all([
    Promise.all(options.engines.map(examineEngine)),
    examineSqlite(),
    examinePng(),
    options.queue && examineQueue(options.queue),
  ]);
  const state: Omit<DoctorReport, 'advice'> = {
    espalier: { version: TOOL_VERSION, gitRevision, gitDirty },
    node: { version: nodeVersion(), oldest: OLDEST_NODE, npm: npmVersion() },
    machine: {
      platform: process.platform,
      architecture: process.arch,
      release: release(),
      cpu,
      cores: cpus().length,
      usableCores: availableParallelism(),
      memoryBytes: totalmem(),
      usableMemoryBytes: memoryBudget(),
    },
    sqlite,
    png,
    engines,
    datasets: examineData(options),
    dataPlaces: searchPlaces(options).map(({ source, dir }) => ({ source, dir: withoutHome(dir) })),
    folder: examineFolder(process.cwd()),
    queue,
    environment: Object.fromEntries(
      VARIABLES.filter(name => process.env[name]).map(name => [
        name,
        name === SECRET ? 'set' : withoutHome(process.env[name]!),
      ]),
    ),
  };
  return { ...state, advice: adviseOn(state, PACKAGE_ROOT) };
}

async function examineEngine(name: EngineName): Promise<EngineState> {
  const answer: EngineAnswer = await probeEngine(name);
  return 'problem' in answer
    ? {
        name,
        available: false,
        kernels: null,
        problem: withoutHome(answer.problem.replace(NAMES_ENGINE, '')),
      }
    : { name, available: true, kernels: answer.kernels, problem: answer.warning };
}

const examineSqlite = (): Promise<Part> =>
  examinePart(async () => {
    const { default: Sqlite } = await import('better-sqlite3');
    const db = new Sqlite(':memory:');
    const version = db.prepare('SELECT sqlite_version()').pluck().get() as string;
    db.close();
    return version;
  });

const examinePng = (): Promise<Part> =>
  examinePart(async () => {
    const { Resvg } = await import('@resvg/resvg-js');
    new Resvg('<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>').render();
    return null;
  });

/** @param load returns a version, if the part has one; rejects if the part does not work. */
async function examinePart(load: () => Promise<string | null>): Promise<Part> {
  try {
    return { version: await load(), problem: null };
  } catch (error) {
    const { message } = asInstallationError(error) ?? (error as Error);
    return { version: null, problem: withoutHome(message.split('\n')[0]!) };
  }
}

function examineData(search: DataSearch): DatasetState[] {
  const known = (Object.keys(KNOWN_DATASETS) as KnownName[]).map(name => {
    const folder = findKnownDataset(name, search)?.folder ?? null;
    return {
      name,
      folder: folder === null ? null : withoutHome(folder),
      found: folder !== null,
      problems: searchProblems(name, search).map(withoutHome),
    };
  });
  return [{ name: 'digits', folder: null, found: true, problems: [] }, ...known];
}

function examineFolder(folder: string): DoctorReport['folder'] {
  const mount = networkMount(folder);
  const problem =
    mount &&
    `${withoutHome(mount.folder)} is a network file system (${mount.type}), where no database is written`;
  try {
    const { bavail, bsize } = statfsSync(folder);
    return { freeBytes: bavail * bsize, problem };
  } catch (error) {
    return { freeBytes: null, problem: problem ?? systemReason(error) };
  }
}

/** Of the npm that started this process, e.g. by npx; else null. */
const npmVersion = (): string | null =>
  /\bnpm\/(\S+)/.exec(process.env.npm_config_user_agent ?? '')?.[1] ?? null;

/** Paths below the home folder begin with `~`: they name the user otherwise. */
function withoutHome(text: string): string {
  const home = homedir();
  return home.length > 1 ? text.replaceAll(home, '~') : text;
}
