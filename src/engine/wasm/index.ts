/** The default engine: AssemblyScript kernels, or their native twins, on sparse inputs; float32 with float64 sums. */

import { TooLargeError } from '../../base/errors.js';
import { counted } from '../../base/units.js';
import type { Engine, Shape } from '../engine.js';
import { NUMERICS } from '../numerics.js';
import { shapeOf } from '../shape.js';
import { MEMORY_LIMIT, WasmInstancePool } from './instance-pool.js';
import { WasmNetwork } from './network.js';
import { bytesOf, MAX_MEMORIES, splitMemory } from './split-memory.js';

export interface WasmOptions {
  /** Maximum bytes of one memory, for tests; by default what 32 bits address. */
  readonly memoryLimit?: number;
  /** As ESPALIER_KERNELS, which is the default. */
  readonly kernels?: string | undefined;
}

/** @throws EngineUnavailableError (ENGINE_UNAVAILABLE) if the kernels are not built, or not those that are asked for. */
export async function createWasmEngine({
  memoryLimit = MEMORY_LIMIT,
  kernels,
}: WasmOptions = {}): Promise<Engine> {
  const pool = await WasmInstancePool.load(kernels);
  return {
    name: 'wasm',
    numerics: NUMERICS.wasm,
    kernels: pool.choice.name,
    warning: pool.choice.warning,
    memoryLimitBytes: MAX_MEMORIES * memoryLimit,
    memoryBytes: shape => bytesOf(splitMemory(shape, memoryLimit)),
    open(problem) {
      const shape = shapeOf(problem);
      const layouts = splitMemory(shape, memoryLimit);
      if (!layouts || layouts.length > MAX_MEMORIES) throw tooLarge(shape, bytesOf(layouts), memoryLimit);
      const taken: ReturnType<WasmInstancePool['acquire']>[] = [];
      const release = () => {
        for (const each of taken.splice(0)) each.release();
      };
      try {
        for (const { bytes } of layouts) taken.push(pool.acquire(bytes));
        const instances = taken.map(({ machine }) => machine);
        return new WasmNetwork(problem, layouts, instances, release);
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

function tooLarge({ datasetSize, width }: Shape, bytes: number, memoryLimit: number): TooLargeError {
  const gib = (size: number) => `${(size / 2 ** 30).toFixed(2)} GiB`;
  return new TooLargeError(
    bytes === Infinity
      ? `n = ${counted(datasetSize, 'sample does', 'samples do')} not fit in a memory of the engine "wasm", which holds ${gib(memoryLimit)}`
      : `n = ${counted(datasetSize, 'sample')} and N = ${counted(width, 'neuron')} need ${gib(bytes)}, ` +
          `the engine "wasm" holds at most ${gib(MAX_MEMORIES * memoryLimit)}`,
  );
}
