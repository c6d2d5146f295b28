/** Runs the compiled program as users do: a child process with arguments, in a separate folder. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../src/base/paths.js';
import type { SweepObject } from './small-sweeps.js';

export const PROGRAM = join(PACKAGE_ROOT, 'dist', 'src', 'cli', 'main.js');

export interface ProcessResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<ProcessResult>;
  /** Resolves with the match when stderr matches `pattern`; rejects if the program ends first. */
  stderrMatches(pattern: RegExp): Promise<RegExpExecArray>;
}

/** A temporary folder to run programs in, without access to the user's data and cache. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), 'espalier-cli-'));

  readonly #children: ChildProcess[] = [];

  /** An empty folder in place of the user's cache. */
  readonly cache = join(tmpdir(), 'espalier-no-cache');

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a sweep file as JSON, which is YAML, and returns its name. */
  sweep(sweep: SweepObject): string {
    const file = `${sweep.name}.yaml`;
    writeFileSync(this.path(file), JSON.stringify(sweep, null, 2));
    return file;
  }

  start(...args: string[]): RunningProcess {
    return this.startWith({}, ...args);
  }

  /** Starts the program with more environment variables. */
  startWith(variables: Readonly<Record<string, string>>, ...args: string[]): RunningProcess {
    const { ESPALIER_DATA_DIR: _, ...env } = process.env;
    mkdirSync(this.cache, { recursive: true });
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: this.folder,
      env: { ...env, XDG_CACHE_HOME: this.cache, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    let stdout = '';
    let stderr = '';
    const waiting = new Set<() => void>();
    child.stdout.setEncoding('utf8').on('data', text => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text;
      for (const check of waiting) check();
    });
    const ended = new Promise<ProcessResult>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    const stderrMatches = (pattern: RegExp) =>
      new Promise<RegExpExecArray>((resolve, reject) => {
        const check = () => {
          const match = pattern.exec(stderr);
          if (!match) return;
          waiting.delete(check);
          resolve(match);
        };
        waiting.add(check);
        check();
        ended.then(
          ({ code }) => reject(new Error(`ended with ${code}, without ${pattern}: ${stderr}`)),
          reject,
        );
      });
    return { child, ended, stderrMatches };
  }

  run(...args: string[]): Promise<ProcessResult> {
    return this.start(...args).ended;
  }

  /** Every file below the folder. */
  files(): string[] {
    return readdirSync(this.folder, { recursive: true, encoding: 'utf8' }).sort();
  }

  /** Ends what a failed test has left running: a run without its folder would wait for it. */
  remove(): void {
    for (const child of this.#children)
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The child processes of a process whose command line names `entry` (Linux). */
export function childrenOf(parent: number, entry: string): number[] {
  const list = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ');
  return list.map(Number).filter(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(entry));
}

/** Whether there is `script` (util-linux), which runs a command in a terminal of its own. */
export const hasScript = (): boolean =>
  process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;
