/** Measures this machine's limits (arithmetic, memory), to compare results with. Kernels: assembly/ceilings.ts. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineUnavailableError } from '../base/errors.js';
import { PACKAGE_ROOT } from '../base/paths.js';
import { compile, Instance, Memory } from '../engine/wasm/webassembly.js';
import { timeOf } from './timing.js';

export interface Ceilings {
  /** 10^9 operations per second on registers only; a multiply-add counts as two. */
  readonly multiplyAddGflops: number;
  /** 10^9 bytes per second, read from memory outside the caches. */
  readonly streamingReadGBs: number;
}

interface Exports {
  multiplyAdd(rounds: number, factor: number, term: number): number;
  streamingRead(from: number, bytes: number): bigint;
}

const FILE = join(PACKAGE_ROOT, 'dist', 'ceilings.wasm');
const PAGE = 65536;
/** Takes about 10 ms. */
const ROUNDS = 4e6;
const ROUND_OPERATIONS = 96;

/**
 * Measures both ceilings in about twice `seconds`.
 *
 * @param bytes of memory to read, a multiple of 65536 (a WebAssembly page).
 * @throws EngineUnavailableError if the kernels are not built.
 */
export async function measureCeilings(seconds: number, bytes: number): Promise<Ceilings> {
  const code = await readFile(FILE).catch(cause => {
    throw new EngineUnavailableError('bench has no kernels to measure: run `npm run build`', { cause });
  });
  const memory = new Memory({ initial: bytes / PAGE });
  const { exports } = new Instance(await compile(code), { env: { memory } });
  const { multiplyAdd, streamingRead } = exports as Exports;
  const arithmetic = await timeOf(seconds, () => multiplyAdd(ROUNDS, 0.5, 0.5));
  // Writes every page first: the system may map all unwritten pages to one page of zeros, which fits in a cache.
  new Uint8Array(memory.buffer).fill(1);
  const reading = await timeOf(seconds, () => streamingRead(0, bytes));
  return {
    multiplyAddGflops: (ROUNDS * ROUND_OPERATIONS) / arithmetic.cpu / 1e9,
    streamingReadGBs: bytes / reading.cpu / 1e9,
  };
}
