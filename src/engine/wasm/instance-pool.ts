/** The WebAssembly memories of a thread, with the kernels bound to them. */
import { readFile } from 'node:fs/promises';
import { EngineUnavailableError, TooLargeError } from '../../base/errors.js';
import { KERNELS_FILE } from '../../base/paths.js';
import type { Kernels } from './kernels.js';
import { PAGE } from './layout.js';
import { chooseKernels, type KernelChoice } from './native-kernels.js';
import { compile, Instance, Memory, type WasmMemory, type WasmModule } from './webassembly.js';

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
  /** Where the hot kernels run. */
  readonly choice: KernelChoice;
  readonly #idle: { memory: WasmMemory; kernels: Kernels }[] = [];

  private constructor(module: WasmModule, kernels?: string) {
    this.#module = module;
    this.choice = chooseKernels(bytes => {
      const { memory, kernels } = this.#create(Math.ceil(bytes / PAGE));
      return { kernels, buffer: memory.buffer };
    }, kernels);
  }

  /**
   * @param kernels as ESPALIER_KERNELS, which is the default.
   * @throws EngineUnavailableError (ENGINE_UNAVAILABLE) if the kernels are not built or damaged, or not those wanted.
   */
  static async load(kernels?: string): Promise<WasmInstancePool> {
    return new WasmInstancePool(
      await readFile(KERNELS_FILE)
        .then(compile)
        .catch((cause: unknown) => {
          const message = 'engine "wasm" has no usable kernels: run `npm run build`';
          throw new EngineUnavailableError(message, { cause });
        }),
      kernels,
    );
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
        // The buffer is another one after each growth.
        kernels: this.choice.bind(entry.kernels, buffer),
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
