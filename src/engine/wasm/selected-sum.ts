/** z, the sum of the selected neurons' outputs on the n training samples. Every memory block has a copy. */
import { broadcastRegion, type MemoryBlock, memoryOf, neuronAddress } from './memory-block.js';

/** Work of adding one output of a neuron to z. Reads are 192 bytes apart. */
const STRIDED_WORK = 2;

/** Where a sum lies: z, or f for another one. */
export type SumRegion = 'z' | 'f';

/** z = 0, in every memory block. */
export function clearSum(memories: readonly MemoryBlock[]): void {
  for (const { f64, layout, samples } of memories) f64.fill(0, layout.z / 8, layout.z / 8 + samples);
}

/** z += Phi_i of neuron i, in every memory block. */
export function addToSum(memories: readonly MemoryBlock[], neuron: number, region: SumRegion = 'z'): void {
  const memory = memoryOf(memories, neuron);
  const { kernels, layout, budget, samples } = memory;
  kernels.addNeuron(neuronAddress(layout.phi, neuron - memory.first, samples), samples, layout[region]);
  budget.spend(STRIDED_WORK * samples);
  broadcastRegion(memory, memories, region, 2 * samples);
}
