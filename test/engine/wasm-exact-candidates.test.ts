import { expect, it } from 'vitest';
import type { Shape } from '../../src/engine/engine.js';
import { ExactCandidates } from '../../src/engine/wasm/exact-candidates.js';
import { WasmInstancePool } from '../../src/engine/wasm/instance-pool.js';
import { type Layout, layOut, MAX_CANDIDATES } from '../../src/engine/wasm/layout.js';
import { LANES } from '../../src/engine/wasm/layout-parts.js';
import { type MemoryBlock, memoryOf, neuronAddress } from '../../src/engine/wasm/memory-block.js';
import { WorkBudget } from '../../src/engine/wasm/work-budget.js';
import { integerBelow, normals, stream } from '../../src/math/random.js';

const [N, SAMPLES] = [800, 67];
const SHAPE: Shape = {
  datasetSize: SAMPLES,
  width: N,
  columns: 1,
  batchSize: 1,
  momentum: false,
  entriesPerRow: 1,
  shifted: false,
};

/** Opens memories with these numbers of blocks, filled with the neurons' outputs `phi` [N][n]. */
async function openMemories(blocks: readonly number[], phi: Float32Array): Promise<MemoryBlock[]> {
  const machines = await WasmInstancePool.load();
  let first = 0;
  const memories = blocks.map(count => {
    const layout: Layout = layOut(SHAPE, count);
    const width = Math.min(layout.padded, N - first);
    const { machine } = machines.acquire(layout.bytes);
    first += width;
    return {
      ...machine,
      layout,
      budget: new WorkBudget(() => {}),
      samples: SAMPLES,
      inputColumns: 1,
      columns: 1,
      shift: null,
      first: first - width,
      width,
      entriesPerRow: 1,
      kind: 0,
      sigmaWork: 8,
    };
  });
  expect(first).toBe(N);
  for (let q = 0; q < N; q++) {
    const { f32, layout, first } = memoryOf(memories, q);
    const place = neuronAddress(layout.phi, q - first, SAMPLES) / 4;
    for (let s = 0; s < SAMPLES; s++) f32[place + LANES * s] = phi[q * SAMPLES + s]!;
  }
  return memories;
}

it.each([[[17]], [[6, 6, 5]]])(
  'gives the product of any two neurons, in memories of %j blocks',
  async blocks => {
    const next = stream(1, 'test', 'candidates');
    const phi = Float32Array.from({ length: N * SAMPLES }, normals(next));
    const candidates = new ExactCandidates(await openMemories(blocks, phi), N);
    expect(candidates.isWorthwhile).toBe(true);
    const expectProduct = (q: number, u: number) => {
      let product = 0;
      for (let s = 0; s < SAMPLES; s++) product += phi[q * SAMPLES + s]! * phi[u * SAMPLES + s]!;
      expect(Math.abs(candidates.product(q, u) - product)).toBeLessThan(1e-4);
    };
    // Fills the cache. Then multiplies its oldest neuron with others, each of which evicts one.
    for (let q = 0; q < MAX_CANDIDATES; q++) expectProduct(q, q);
    for (let u = MAX_CANDIDATES; u < 3 * MAX_CANDIDATES; u++) expectProduct(0, u);
    for (let i = 0; i < 500; i++) expectProduct(integerBelow(next, N), integerBelow(next, N));
  },
);

it('pays from 745 neurons on, which stored counts of passes depend on', () => {
  expect(layOut({ ...SHAPE, width: 744 }).candidateCapacity).toBe(0);
  expect(layOut({ ...SHAPE, width: 745 }).candidateCapacity).toBe(MAX_CANDIDATES);
});
