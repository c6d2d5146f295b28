/**
 * Sums over samples of the activations Phi, stored samples x W. A thread has one neuron and CHUNK samples (group.y), added
 * 32 at a time; `REDUCE` adds the chunks 8 at a time. So each term passes through few additions: see `SUM_ERROR`.
 */
import { defineKernel } from '../kernel.js';

/** Samples that one thread adds. */
export const CHUNK = 1024;
/** Vectors that one pass over the activations multiplies with. */
export const VECTORS = 8;

/** Chunks are numbered from `chunk` on; samples from 0 in this piece of Phi, `samples` of them. */
const PARAMS = { paddedWidth: 'u32', samples: 'u32', chunk: 'u32' } as const;

/** Loops over this thread's samples: `begin` before each 32, `each` for sample s, `end` after them. */
const loop = ({ begin, each, end }: { begin: string; each: string; end: string }) => `
  let last = min(params.samples, (group.y + 1u) * ${CHUNK}u);
  for (var base = group.y * ${CHUNK}u; base < last; base += 32u) {
    ${begin}
    for (var s = base; s < min(base + 32u, last); s++) {
      ${each}
    }
    ${end}
  }`;

const ENTRY = `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(global_invocation_id) id: vec3u) {
  let q = id.x;`;

/** Sum of Phi^2, of Phi y, and the bits of max |Phi|, of each neuron: partial, chunks x W. */
export const MOMENTS = defineKernel({
  name: 'moments',
  params: { ...PARAMS, firstSample: 'u32' },
  buffers: {
    phi: 'read array<f32>',
    labels: 'read array<f32>',
    partial: 'write array<vec4f>',
  },
  code: `${ENTRY}
  var total = vec2f();
  var peak = 0u;${loop({
    begin: 'var sum = vec2f();',
    each: `let p = phi[s * params.paddedWidth + q];
      sum += p * vec2f(p, labels[params.firstSample + s]);
      peak = max(peak, bitcast<u32>(p) & 0x7fffffffu);`,
    end: 'total += sum;',
  })}
  partial[(params.chunk + group.y) * params.paddedWidth + q] = vec4f(total, bitcast<f32>(peak), 0.0);
}`,
});

/** Sum of Phi times each of VECTORS vectors (samples x VECTORS), of each neuron: partial, chunks x W x 2. */
export const PRODUCTS = defineKernel({
  name: 'products',
  params: { ...PARAMS, firstSample: 'u32' },
  buffers: {
    phi: 'read array<f32>',
    vectors: 'read array<vec4f>',
    partial: 'write array<vec4f>',
  },
  code: `${ENTRY}
  var totalA = vec4f(); var totalB = vec4f();${loop({
    begin: 'var a = vec4f(); var b = vec4f();',
    each: `let p = phi[s * params.paddedWidth + q];
      a += p * vectors[2u * (params.firstSample + s)];
      b += p * vectors[2u * (params.firstSample + s) + 1u];`,
    end: 'totalA += a; totalB += b;',
  })}
  let at = 2u * ((params.chunk + group.y) * params.paddedWidth + q);
  partial[at] = totalA;
  partial[at + 1u] = totalB;
}`,
});

/** Adds partial sums: chunks x `count` of vec4 to `count`. With `peaks`, z holds the bits of a largest value. */
export const REDUCE = defineKernel({
  name: 'reduce',
  params: { count: 'u32', chunks: 'u32', peaks: 'u32' },
  buffers: { partial: 'read array<vec4f>', result: 'write array<vec4f>' },
  code: `
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let j = id.x;
  if (j >= params.count) { return; }
  var total = vec4f();
  var peak = 0u;
  for (var base = 0u; base < params.chunks; base += 8u) {
    var sum = vec4f();
    for (var c = base; c < min(base + 8u, params.chunks); c++) {
      let each = partial[c * params.count + j];
      sum += each;
      peak = max(peak, bitcast<u32>(each.z));
    }
    total += sum;
  }
  if (params.peaks == 1u) { total.z = bitcast<f32>(peak); }
  result[j] = total;
}`,
});
