/** Weighted sums of the neurons' values on each row, and the loss of those of a batch. */
import type { Loss } from '../../../domain/types.js';
import { defineKernel, memoized } from '../kernel.js';
import { MATHS } from './maths.js';

const THREADS = 64;

/** The sum over neurons of value * coefficient, in a fixed order: each thread its own neurons, then 16 at a time. */
const SUM = `
var<workgroup> sums: array<vec4f, ${THREADS}>;

fn weightedSum(row: u32, vector: u32, t: u32) -> f32 {
  let quads = params.paddedWidth / 4u;
  var own = vec4f();
  for (var i = t; i < quads; i += ${THREADS}u) {
    own += value[row * quads + i] * coefficient[vector * quads + i];
  }
  sums[t] = own;
  workgroupBarrier();
  if (t != 0u) { return 0.0; }
  var all = vec4f();
  for (var i = 0u; i < ${THREADS}u; i += 16u) {
    var some = vec4f();
    for (var k = i; k < i + 16u; k++) { some += sums[k]; }
    all += some;
  }
  return (all.x + all.y) + (all.z + all.w);
}
`;

/**
 * A workgroup for each row (x) and vector of coefficients (y). value: rows x W / 4; coefficient: vectors x W / 4;
 * result: vectors x `stride`, written from `at` on.
 */
export const COMBINE = defineKernel({
  name: 'combine',
  params: { paddedWidth: 'u32', begin: 'u32', stride: 'u32', at: 'u32' },
  buffers: {
    value: 'read array<vec4f>',
    coefficient: 'read array<vec4f>',
    result: 'write array<f32>',
  },
  code: `${SUM}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let sum = weightedSum(params.begin + group.x, group.y, t);
  if (t == 0u) { result[group.y * params.stride + params.at + group.x] = sum; }
}`,
});

const SLOPE: Readonly<Record<Loss, string>> = {
  squared: 'f - y',
  logistic: '-y * sigmoid(-y * f)',
};

/**
 * f of each row of a batch (one workgroup a row) and lossSlope = factor * loss'(f, y), 0 for the rows beyond `rows`. If
 * an f is not finite, `diverged` becomes `step`, unless it is set already.
 */
export const lossKernel = memoized((loss: Loss) =>
  defineKernel({
    name: `loss, ${loss}`,
    params: { paddedWidth: 'u32', rows: 'u32', first: 'u32', factor: 'f32', step: 'u32' },
    buffers: {
      value: 'read array<vec4f>',
      coefficient: 'read array<vec4f>',
      /** Rows of the training inputs. */
      batch: 'read array<u32>',
      labels: 'read array<f32>',
      lossSlope: 'write array<f32>',
      diverged: 'write atomic<u32>',
    },
    code: `${MATHS}${SUM}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let r = group.x;
  let f = weightedSum(r, 0u, t);
  if (t != 0u) { return; }
  if (r >= params.rows) { lossSlope[r] = 0.0; return; }
  let y = labels[batch[params.first + r]];
  lossSlope[r] = params.factor * (${SLOPE[loss]});
  if (!isFinite(f) && atomicLoad(&diverged) == 0u) { atomicStore(&diverged, params.step); }
}`,
  }),
);
