/** Engine.kernels in a sentence: names of kernels are one word, a device is described in several. */
export const withKernels = (kernels: string): string =>
  kernels.includes(' ') ? `on ${kernels}` : `${kernels} kernels`;
