/** How much every candidate changes the objective of a selection, summed over samples. */
import type { Objective } from '../../../domain/types.js';
import { defineKernel, memoized } from '../kernel.js';
import { MATHS } from './maths.js';
import { CHUNK } from './statistics.js';

/**
 * d = objective(u + Phi / j) - objective(u) at one sample, from what the host computes of u = z / j in float64:
 *
 *   squared           now = (u - y, 1 / j, 0, 0)
 *   logistic, brier   now = (p, 1 - p, -y / j, a)     a = -y u     p = sigmoid(a)     h = -y Phi / j
 *
 * As a difference it is small, so that rounding moves it little; each form keeps its relative accuracy where d is small:
 *
 *   logistic   softplus(a + h) - softplus(a) = log(1 + p (e^h - 1))
 *   brier      w^2 - p^2 with w = p e^h / (1 - p + p e^h) and w - p = p (1 - p) (e^h - 1) / (1 - p + p e^h)
 */
const DIFFERENCE: Readonly<Record<Objective, string>> = {
  squared: `
fn difference(phi: f32, now: vec4f) -> f32 {
  let d = phi * now.y;
  return d * (now.x + 0.5 * d);
}`,
  logistic: `
fn difference(phi: f32, now: vec4f) -> f32 {
  let h = phi * now.z;
  if (abs(h) > 60.0 || now.w < -60.0) { return softplus(now.w + h) - softplus(now.w); }
  let change = now.x * exponentialMinus1(h);
  if (change > -0.29) { return logarithm1Plus(change); }
  return logarithm(now.y + now.x * exponential(h));
}`,
  brier: `
fn difference(phi: f32, now: vec4f) -> f32 {
  let h = phi * now.z;
  if (abs(h) > 60.0) {
    let w = sigmoid(now.w + h);
    return (w - now.x) * (w + now.x);
  }
  let e = exponential(h);
  let whole = now.y + now.x * e;
  return now.x * now.y * exponentialMinus1(h) / whole * (now.x * e / whole + now.x);
}`,
};

/**
 * (sum of d, sum of |d|) of each neuron: partial, chunks x W. Samples are those of `now`, from `at` on, `count` of them:
 * sample s of this piece of Phi, or samples[at + s] - firstSample if `listed`. A thread has one neuron and CHUNK samples.
 */
export const objectiveKernel = memoized((objective: Objective) =>
  defineKernel({
    name: `objective, ${objective}`,
    params: {
      paddedWidth: 'u32',
      at: 'u32',
      count: 'u32',
      listed: 'u32',
      firstSample: 'u32',
      chunk: 'u32',
      firstChunk: 'u32',
    },
    buffers: {
      phi: 'read array<f32>',
      samples: 'read array<u32>',
      now: 'read array<vec4f>',
      partial: 'write array<vec2f>',
    },
    code: `${MATHS}${DIFFERENCE[objective]}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(global_invocation_id) id: vec3u) {
  let q = id.x;
  let own = params.firstChunk + group.y;
  let last = min(params.count, (own + 1u) * ${CHUNK}u);
  var total = vec2f();
  for (var base = own * ${CHUNK}u; base < last; base += 32u) {
    var sum = vec2f();
    for (var s = base; s < min(base + 32u, last); s++) {
      var sample = s;
      if (params.listed == 1u) { sample = samples[params.at + s] - params.firstSample; }
      let d = difference(phi[sample * params.paddedWidth + q], now[params.at + s]);
      sum += vec2f(d, abs(d));
    }
    total += sum;
  }
  partial[(params.chunk + own) * params.paddedWidth + q] = total;
}`,
  }),
);
