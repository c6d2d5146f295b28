/** The product of inputs and weights, with the activation. */
import type { Activation } from '../../../domain/types.js';
import { defineKernel, memoized } from '../kernel.js';
import { MATHS } from './maths.js';
import { forEachQuad, TILE_MAIN, TILE_MEMORY, tileProduct } from './product.js';
import { sigmaCode } from './sigma.js';

const PARAMS = {
  paddedRows: 'u32',
  paddedColumns: 'u32',
  paddedWidth: 'u32',
  /** The row of the result that the first row gives. */
  at: 'u32',
} as const;

const INPUTS = {
  /** D x R / 4 */
  x: 'read array<vec4f>',
  /** D x W / 4 */
  weights: 'read array<vec4f>',
  /** W / 4 */
  scale: 'read array<vec4f>',
} as const;

/** Z = X W, and `store` with each of its vec4. */
const forward = (activation: Activation, store: string): string => `${MATHS}${sigmaCode(activation)}
${TILE_MEMORY}
fn store(z: vec4f, to: u32, quad: u32) {
  let s0 = sigma(z.x); let s1 = sigma(z.y); let s2 = sigma(z.z); let s3 = sigma(z.w);
  ${store}
}
${TILE_MAIN}
  ${tileProduct({
    depth: 'params.paddedColumns',
    a: 'x[k * (params.paddedRows / 4u) + group.y * 16u + quad]',
    b: 'weights[k * (params.paddedWidth / 4u) + group.x * 16u + quad]',
  })}
  let quads = params.paddedWidth / 4u;
  let quad = group.x * 16u + 2u * t.x;
  let to = (params.at + group.y * 64u + t.y * 8u) * quads + quad;
  ${forEachQuad('store(value, to + r * quads + side, quad + side);')}
}`;

/** value = sigma(Z) * scale: rows x W / 4, from row `at` on. */
export const forwardKernel = memoized((activation: Activation) =>
  defineKernel({
    name: `forward, ${activation}`,
    params: PARAMS,
    buffers: { ...INPUTS, value: 'write array<vec4f>' },
    code: forward(activation, 'value[to] = vec4f(s0.x, s1.x, s2.x, s3.x) * scale[quad];'),
  }),
);

/** value = sigma(Z) and slope = sigma'(Z) * scale: rows x W / 4, from row `at` on. */
export const trainingForwardKernel = memoized((activation: Activation) =>
  defineKernel({
    name: `training forward, ${activation}`,
    params: PARAMS,
    buffers: { ...INPUTS, value: 'write array<vec4f>', slope: 'write array<vec4f>' },
    code: forward(
      activation,
      `value[to] = vec4f(s0.x, s1.x, s2.x, s3.x);
  slope[to] = vec4f(s0.y, s1.y, s2.y, s3.y) * scale[quad];`,
    ),
  }),
);
