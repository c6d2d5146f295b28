/** The engine that is used by default: AssemblyScript kernels on sparse inputs, float32 with float64 sums. */
import { TooLargeError } from '../../errors.js';
import type { Engine, Shape } from '../engine.js';
import { NUMERICS } from '../numerics.js';
import { Machines, MEMORY_LIMIT } from './kernels.js';
import { layOut } from './layout.js';
import { shapeOf, WasmNetwork } from './network.js';

/** Throws EngineUnavailableError where the kernels were not built. */
export async function createWasmEngine(): Promise<Engine> {
  const machines = await Machines.load();
  return {
    name: 'wasm',
    numerics: NUMERICS.wasm,
    memoryLimitBytes: MEMORY_LIMIT,
    memoryBytes: shape => layOut(shape).bytes,
    open(problem) {
      const shape = shapeOf(problem);
      const layout = layOut(shape);
      if (layout.bytes > MEMORY_LIMIT) throw tooLarge(shape, layout.bytes);
      const { machine, release } = machines.take(layout.bytes);
      return new WasmNetwork(problem, layout, machine, release);
    },
  };
}

function tooLarge({ datasetSize, width }: Shape, bytes: number): TooLargeError {
  const gib = (size: number) => (size / 2 ** 30).toFixed(2);
  return new TooLargeError(
    `n = ${datasetSize} samples and N = ${width} neurons need ${gib(bytes)} GiB, ` +
      `the engine "wasm" holds at most ${gib(MEMORY_LIMIT)} GiB`,
  );
}
