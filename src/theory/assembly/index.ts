/** Kernels of the kernel's products. Panels and tiles have rows of 32 float32 lanes; inputs are compressed rows. */

export { infiniteWidth, overlap } from './entries';
export { combine, reduce, scatter, spread } from './products';
export { multiplyTiles } from './tiles';
