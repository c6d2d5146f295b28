/** See `Activations.responses`. @param phi the outputs of each neuron on the samples */
export function packResponses(phi: Iterable<ArrayLike<number>>, count: number): Uint32Array {
  const rows = [...phi];
  const words = Math.ceil(count / 32);
  const bits = new Uint32Array(rows.length * words);
  for (const [i, outputs] of rows.entries())
    for (let s = 0; s < count; s++) if (outputs[s] !== 0) bits[i * words + (s >> 5)]! |= 1 << (s & 31);
  return bits;
}
