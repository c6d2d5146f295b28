/** The sum z of the outputs of the selected neurons on the n training samples, held by every shard. */
import { neuronAddress, type Site, shardOf, shareRegion } from './memory-block.js';

/** Work of adding one output of a neuron to a sum, whose reads are far apart. */
const STRIDED_WORK = 4;

/** z = 0 */
export function clearSum(shards: readonly Site[]): void {
  for (const { f64, layout, samples } of shards) f64.fill(0, layout.z / 8, layout.z / 8 + samples);
}

/** z += Phi_i, in every shard. */
export function addToSum(shards: readonly Site[], neuron: number): void {
  const site = shardOf(shards, neuron);
  const { kernels, layout, pace, samples } = site;
  kernels.addNeuron(neuronAddress(layout.phi, neuron - site.first, samples), samples, layout.z);
  pace.spend(STRIDED_WORK * samples);
  shareRegion(site, shards, 'z', 2 * samples);
}
