/** Gradients of both layers, fused with their updates. */
import { defineKernel } from '../kernel.js';
import { forEachQuad, TILE_MAIN, TILE_MEMORY, tileProduct } from './product.js';

/** What the updates of both layers are told. */
const UPDATE_PARAMS = {
  paddedRows: 'u32',
  paddedWidth: 'u32',
  /** Whether the rows are the first, and the last, of their batch. */
  isFirst: 'u32',
  isLast: 'u32',
  learningRate: 'f32',
  momentum: 'f32',
  hasMomentum: 'u32',
} as const;

/**
 * G = X^T (slope * lossSlope), of a tile of 64 columns (group.y) and 64 neurons (group.x). After the last
 * rows of a batch, unless it diverged:
 *
 *   v <- momentum * v + G + decay * a        a <- a - learningRate * v
 */
export const GRADIENT = defineKernel({
  name: 'gradient',
  params: { ...UPDATE_PARAMS, paddedColumns: 'u32', decay: 'f32' },
  buffers: {
    /** R x D / 4 */
    x: 'read array<vec4f>',
    /** R x W / 4 */
    slope: 'read array<vec4f>',
    /** R */
    lossSlope: 'read array<f32>',
    diverged: 'read u32',
    /** D x W / 4, like its velocity and its gradient; these are used only with momentum, and by batches in parts. */
    weights: 'write array<vec4f>',
    velocity: 'write array<vec4f>',
    gradient: 'write array<vec4f>',
  },
  code: `
${TILE_MEMORY}
fn finish(g: vec4f, at: u32) {
  var v = g;
  if (params.isFirst == 0u) { v += gradient[at]; }
  if (params.isLast == 0u) { gradient[at] = v; return; }
  if (diverged != 0u) { return; }
  let a = weights[at];
  v += params.decay * a;
  if (params.hasMomentum == 1u) {
    v += params.momentum * velocity[at];
    velocity[at] = v;
  }
  weights[at] = a - params.learningRate * v;
}
${TILE_MAIN}
  let quads = params.paddedWidth / 4u;
  ${tileProduct({
    depth: 'params.paddedRows',
    a: 'x[k * (params.paddedColumns / 4u) + group.y * 16u + quad]',
    b: 'slope[k * quads + group.x * 16u + quad] * lossSlope[k]',
  })}
  let at = (group.y * 64u + t.y * 8u) * quads + group.x * 16u + 2u * t.x;
  ${forEachQuad('finish(value, at + r * quads + side);')}
}`,
});

/** The same for b, one thread a neuron: G_b = sum over rows of lossSlope * value. b does not decay. */
export const SIGN_GRADIENT = defineKernel({
  name: 'sign gradient',
  params: UPDATE_PARAMS,
  buffers: {
    /** R x W */
    value: 'read array<f32>',
    lossSlope: 'read array<f32>',
    diverged: 'read u32',
    /** outputScale * share_i, W */
    shares: 'read array<f32>',
    signs: 'write array<f32>',
    /** velocity, then gradient: 2 x W */
    moving: 'write array<f32>',
    /** shares * signs, W */
    coefficient: 'write array<f32>',
  },
  code: `
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  let width = params.paddedWidth;
  var v = 0.0;
  for (var s = 0u; s < params.paddedRows; s++) { v += lossSlope[s] * value[s * width + i]; }
  if (params.isFirst == 0u) { v += moving[width + i]; }
  if (params.isLast == 0u) { moving[width + i] = v; return; }
  if (diverged != 0u) { return; }
  if (params.hasMomentum == 1u) {
    v += params.momentum * moving[i];
    moving[i] = v;
  }
  let b = signs[i] - params.learningRate * v;
  signs[i] = b;
  coefficient[i] = shares[i] * b;
}`,
});
