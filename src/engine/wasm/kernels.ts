/** The compiled kernels and the WebAssembly memories they work in. */
import { readFile } from 'node:fs/promises';
import { EngineUnavailableError, TooLargeError } from '../../base/errors.js';
import { KERNELS_FILE } from '../../base/paths.js';
import { PAGE } from './layout.js';
import { compile, Instance, Memory, type WasmMemory, type WasmModule } from './webassembly.js';

/** The exports of ../assembly/index.ts, which documents the arguments. */
export interface Kernels {
  preactivate(weights: number, runs: number, count: number, out: number): void;
  preactivateHalf(weights: number, runs: number, count: number, out: number): void;
  packEntries(columns: number, values: number, count: number, entries: number): void;
  countColumns(runs: number, count: number, counts: number): void;
  layColumns(counts: number, d: number, entries: number, columns: number, all: boolean): number;
  fillColumns(runs: number, count: number, sample: number, places: number): void;
  descend(
    weights: number,
    velocity: number,
    deltas: number,
    columns: number,
    count: number,
    momentum: number,
    decay: number,
    rate: number,
    scratch: number,
  ): void;
  addOutputs(kind: number, z: number, count: number, coefficients: number, f: number): void;
  lossSlopes(
    logistic: boolean,
    f: number,
    labels: number,
    weights: number,
    count: number,
    slopes: number,
  ): number;
  deltas(kind: number, z: number, count: number, slopes: number, factors: number): void;
  addSignSums(kind: number, z: number, count: number, slopes: number, sums: number, scratch: number): void;
  spreadRows(runs: number, count: number, rows: number, panel: number): void;
  sumSubsets(panel: number, slopes: number, groups: number, tables: number): void;
  maskRows(z: number, count: number, masks: number): void;
  descendTile(
    weights: number,
    velocity: number,
    masks: number,
    tables: number,
    groups: number,
    columns: number,
    factors: number,
    momentum: number,
    decay: number,
    rate: number,
    scratch: number,
  ): void;
  activate(kind: number, z: number, count: number, gains: number): void;
  addStatistics(
    phi: number,
    labels: number,
    count: number,
    projections: number,
    norms: number,
    peaks: number,
  ): void;
  addNeuron(phi: number, count: number, z: number): void;
  gatherColumn(phi: number, stride: number, n: number, entries: number, runs: number, c: number): void;
  gram(phi: number, n: number, runs: number, targets: number, columns: number, scratch: number): void;
  sketchRows(phi: number, n: number, m: number, sketch: number): void;
  sketchProducts(sketch: number, values: number, m: number, products: number): void;
  copyNeuron(phi: number, n: number, values: number): void;
  dot(a: number, b: number, n: number): number;
  logisticPoint(z: number, labels: number, n: number, j: number, derivatives: number): number;
  logisticMoments(phi: number, derivatives: number, n: number, moments: number): void;
  logisticMargins(z: number, labels: number, n: number, j: number, margins: number): void;
  logisticLosses(phi: number, margins: number, n: number, losses: number, scratch: number): void;
  logisticLoss(phi: number, z: number, labels: number, n: number, j: number): number;
}

/** A memory with the kernels bound to it, and views of the whole memory. */
export interface WasmInstance {
  readonly kernels: Kernels;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
}

/** A 32-bit memory has 65536 pages. The last stays unused so that no address past a region wraps around. */
export const MEMORY_LIMIT = 65535 * PAGE;

/**
 * The pool of one thread's instances. It reuses a released instance before it creates one, so the pool never has more
 * instances than the thread once used concurrently. It does not clear memory: users write before they read.
 */
export class WasmInstancePool {
  readonly #module: WasmModule;
  readonly #idle: { memory: WasmMemory; kernels: Kernels }[] = [];

  private constructor(module: WasmModule) {
    this.#module = module;
  }

  /** @throws EngineUnavailableError (ENGINE_UNAVAILABLE) if the kernels are not built or damaged. */
  static async load(): Promise<WasmInstancePool> {
    try {
      return new WasmInstancePool(await compile(await readFile(KERNELS_FILE)));
    } catch (cause) {
      const message = 'engine "wasm" has no usable kernels: run `npm run build`';
      throw new EngineUnavailableError(message, { cause });
    }
  }

  /**
   * An instance with at least this much memory, and the function that returns it to the pool (call it once).
   *
   * @throws TooLargeError (TOO_LARGE) if the system cannot allocate the memory
   */
  acquire(bytes: number): { readonly machine: WasmInstance; readonly release: () => void } {
    const pages = Math.ceil(bytes / PAGE);
    const entry = this.#takeIdle(pages) ?? this.#create(pages);
    const { buffer } = entry.memory;
    return {
      machine: {
        kernels: entry.kernels,
        f32: new Float32Array(buffer),
        f64: new Float64Array(buffer),
        u16: new Uint16Array(buffer),
        u32: new Uint32Array(buffer),
      },
      release: () => {
        this.#idle.push(entry);
      },
    };
  }

  /** The smallest idle instance that is large enough, else the largest one, grown; undefined if none is idle. */
  #takeIdle(pages: number) {
    const size = (entry: { memory: WasmMemory }) => entry.memory.buffer.byteLength / PAGE;
    this.#idle.sort((a, b) => size(a) - size(b));
    const fitting = this.#idle.findIndex(entry => size(entry) >= pages);
    const entry = this.#idle.at(fitting);
    if (entry && fitting < 0) grow(() => entry.memory.grow(pages - size(entry)), pages);
    this.#idle.splice(fitting, 1);
    return entry;
  }

  #create(pages: number) {
    const memory = grow(() => new Memory({ initial: pages }), pages);
    const instance = new Instance(this.#module, { env: { memory } });
    return { memory, kernels: instance.exports as unknown as Kernels };
  }
}

function grow<T>(allocate: () => T, pages: number): T {
  try {
    return allocate();
  } catch (cause) {
    const gib = ((pages * PAGE) / 2 ** 30).toFixed(2);
    throw new TooLargeError(`this machine cannot give a memory of ${gib} GiB to the engine "wasm"`, {
      cause,
    });
  }
}
