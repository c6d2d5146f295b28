/** What the machine can do at most, for results to be held against; see assembly/ceilings.ts. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineUnavailableError } from '../base/errors.js';
import { PACKAGE_ROOT } from '../base/paths.js';
import { compile, Instance, Memory } from '../engine/wasm/webassembly.js';
import { timeOf } from './timing.js';

export interface Ceilings {
  /** 10^9 operations a second (a multiply-add counts as two) that touch registers only. */
  readonly multiplyAddGflops: number;
  /** 10^9 bytes a second, read from memory that no cache holds. */
  readonly streamingReadGBs: number;
}

interface Exports {
  multiplyAdd(rounds: number, factor: number, term: number): number;
  streamingRead(from: number, bytes: number): bigint;
}

const FILE = join(PACKAGE_ROOT, 'dist', 'ceilings.wasm');
const PAGE = 65536;
/** About 10 ms. */
const ROUNDS = 4e6;
const ROUND_OPERATIONS = 96;

/**
 * Takes about twice `seconds`, and `bytes` of memory, a multiple of 65536.
 * Throws EngineUnavailableError where the kernels were not built.
 */
export async function measureCeilings(seconds: number, bytes: number): Promise<Ceilings> {
  const code = await readFile(FILE).catch(cause => {
    throw new EngineUnavailableError(`no kernels at ${FILE}, expected them from npm run build`, { cause });
  });
  const memory = new Memory({ initial: bytes / PAGE });
  const { exports } = new Instance(await compile(code), { env: { memory } });
  const { multiplyAdd, streamingRead } = exports as Exports;
  const arithmetic = timeOf(seconds, () => multiplyAdd(ROUNDS, 0.5, 0.5));
  // Pages that were never written may all be one page of zeros, which a cache would hold.
  new Uint8Array(memory.buffer).fill(1);
  const reading = timeOf(seconds, () => streamingRead(0, bytes));
  return {
    multiplyAddGflops: (ROUNDS * ROUND_OPERATIONS) / arithmetic.cpu / 1e9,
    streamingReadGBs: bytes / reading.cpu / 1e9,
  };
}
