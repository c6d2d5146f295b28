/** The program and machine that compute a result; stored with every attempt. */
import { execFileSync } from 'node:child_process';
import { cpus, hostname } from 'node:os';
import { PACKAGE_ROOT, TOOL_VERSION } from './paths.js';

/** Which program on which machine, stored with every attempt. */
export interface Provenance {
  readonly host: string;
  /** The id of this process. */
  readonly process: number;
  readonly toolVersion: string;
  readonly nodeVersion: string;
  readonly gitRevision: string | null;
  /** Whether the working tree differs from `gitRevision`; null without a revision. */
  readonly gitDirty: boolean | null;
  readonly cpu: string;
  readonly threads: number;
}

/** The provenance of this process. Starts `git` up to three times. */
export function provenance(threads: number): Provenance {
  return {
    host: hostname(),
    process: process.pid,
    toolVersion: TOOL_VERSION,
    nodeVersion: nodeVersion(),
    ...gitState(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    threads,
  };
}

/** Node's version and V8's WebAssembly flags. The flags change times, but no bit of the results. */
export function nodeVersion(): string {
  return [process.version, ...process.execArgv.filter(flag => flag.includes('wasm'))].join(' ');
}

/** The revision of the tool's own source; nulls unless the package root is the root of a git checkout. */
function gitState(): { gitRevision: string | null; gitDirty: boolean | null } {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', PACKAGE_ROOT, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    if (git('rev-parse', '--show-prefix') !== '') return { gitRevision: null, gitDirty: null };
    return { gitRevision: git('rev-parse', 'HEAD'), gitDirty: git('status', '--porcelain') !== '' };
  } catch {
    return { gitRevision: null, gitDirty: null };
  }
}
