/** For each neuron, the lowest neuron with the same weights (rows of N x d, bit for bit) and sign. */
export function lowestEqualNeuron(weights: Float32Array, signs: Float32Array): Int32Array {
  const columns = weights.length / signs.length;
  const words = new Int32Array(weights.buffer, weights.byteOffset, weights.length);
  const same = (i: number, j: number): boolean => {
    for (let c = 0; c < columns; c++) if (words[i * columns + c] !== words[j * columns + c]) return false;
    return signs[i] === signs[j];
  };
  const byHash = new Map<number, number[]>();
  return Int32Array.from(signs, (_, i) => {
    let hash = 0;
    for (let c = 0; c < columns; c++) hash = (Math.imul(hash, 31) + words[i * columns + c]!) | 0;
    const distinct = byHash.get(hash) ?? [];
    byHash.set(hash, distinct);
    const first = distinct.find(j => same(i, j));
    if (first === undefined) distinct.push(i);
    return first ?? i;
  });
}
