/** Which program, on which machine: stored with every attempt. */
import { execFileSync } from 'node:child_process';
import { cpus, hostname } from 'node:os';
import { PACKAGE_ROOT, TOOL_VERSION } from './paths.js';
import type { AttemptInfo } from './store/rows.js';

/** The same for all attempts of a run; only the worker differs. */
export function provenance(threads: number): Omit<AttemptInfo, 'worker'> {
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

/** Node's version, and what V8 was told about WebAssembly: results are the same to the bit, times are not. */
export function nodeVersion(): string {
  return [process.version, ...process.execArgv.filter(flag => flag.includes('wasm'))].join(' ');
}

/** The revision of the tool's own source, where it runs from a checkout. */
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
