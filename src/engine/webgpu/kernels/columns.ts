/** Parts of the activations, and of the weights, that a selection names. */
import { defineKernel } from '../kernel.js';

/**
 * Copies Phi of chosen neurons on chosen samples of a piece: thread (s, m) sample s and neuron m.
 *
 *   result[(at + s) * sampleStride + m * neuronStride] = phi[sample][neurons[m]]
 *
 * The sample is s, or samples[at + s] - firstSample if `listed`.
 */
export const GATHER = defineKernel({
  name: 'gather',
  params: {
    paddedWidth: 'u32',
    count: 'u32',
    listed: 'u32',
    firstSample: 'u32',
    at: 'u32',
    sampleStride: 'u32',
    neuronStride: 'u32',
  },
  buffers: {
    phi: 'read array<u32>',
    neurons: 'read array<u32>',
    samples: 'read array<u32>',
    result: 'write array<u32>',
  },
  code: `
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let s = id.x;
  if (s >= params.count) { return; }
  var sample = s;
  if (params.listed == 1u) { sample = samples[params.at + s] - params.firstSample; }
  let to = (params.at + s) * params.sampleStride + id.y * params.neuronStride;
  result[to] = phi[sample * params.paddedWidth + neurons[id.y]];
}`,
});

/** The network of chosen neurons: thread (j, c) takes weight c of neuron list[j]; beyond `count` everything is 0. */
export const SUBNETWORK = defineKernel({
  name: 'subnetwork',
  params: { paddedWidth: 'u32', subnetWidth: 'u32', count: 'u32', outputScale: 'f32' },
  buffers: {
    list: 'read array<u32>',
    /** D x W */
    weights: 'read array<f32>',
    signs: 'read array<f32>',
    /** D x subnetWidth */
    subnet: 'write array<f32>',
    /** outputScale * b */
    scale: 'write array<f32>',
  },
  code: `
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let j = id.x;
  let isReal = j < params.count;
  let i = list[select(0u, j, isReal)];
  subnet[id.y * params.subnetWidth + j] = select(0.0, weights[id.y * params.paddedWidth + i], isReal);
  if (id.y == 0u) { scale[j] = select(0.0, params.outputScale * signs[i], isReal); }
}`,
});

/** Bit s % 32 of word (q, s / 32): whether Phi_q is not 0 at sample s of a piece. Thread (q, word of the piece). */
export const RESPONSES = defineKernel({
  name: 'responses',
  params: { paddedWidth: 'u32', width: 'u32', samples: 'u32', firstWord: 'u32', words: 'u32' },
  buffers: { phi: 'read array<u32>', result: 'write array<u32>' },
  code: `
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let q = id.x;
  if (q >= params.width) { return; }
  var bits = 0u;
  for (var b = 0u; b < 32u; b++) {
    let s = id.y * 32u + b;
    if (s < params.samples && (phi[s * params.paddedWidth + q] & 0x7fffffffu) != 0u) { bits |= 1u << b; }
  }
  result[q * params.words + params.firstWord + id.y] = bits;
}`,
});

/** result = factor * given, one thread a value. */
export const SCALE = defineKernel({
  name: 'scale',
  params: { factor: 'f32' },
  buffers: { given: 'read array<f32>', result: 'write array<f32>' },
  code: `
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) { result[id.x] = params.factor * given[id.x]; }`,
});
