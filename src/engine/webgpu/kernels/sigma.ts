/** sigma of science.md and its derivative; what is not a number stays so. */
import type { Activation } from '../../../domain/types.js';

const BODY: Readonly<Record<Activation, string>> = {
  relu: `
fn sigmaOf(z: f32) -> vec2f {
  // By bits: min and max of what is not a number are numbers on some devices.
  if ((bitcast<u32>(z) >> 31u) == 1u || z == 0.0) { return vec2f(0.0, 0.0); }
  return vec2f(z, 1.0);
}`,
  tanh: `
fn sigmaOf(z: f32) -> vec2f {
  let value = hyperbolicTangent(z);
  return vec2f(value, 1.0 - value * value);
}`,
  softplus: 'fn sigmaOf(z: f32) -> vec2f { return vec2f(softplus(z), sigmoid(z)); }',
};

/** fn sigma(z) -> (sigma(z), sigma'(z)); uses MATHS. */
export const sigmaCode = (activation: Activation): string => `${BODY[activation]}
fn sigma(z: f32) -> vec2f {
  if (isNotNumber(z)) { return vec2f(z, z); }
  return sigmaOf(z);
}
`;
