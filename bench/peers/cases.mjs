// The cases of the comparison, with their sizes.
//
// - Each round starts new processes. They run `warm` untimed units, then the `repeats` timed ones.
// - `images` is the number of generated digits, in the pool and in the test set each.
// - Weights are compared after the `warm` steps. Some dozens of steps later they differ: rounding decides a relu.
const base = {
  batchSize: 128,
  rate: 0.1,
  k: 200,
  warm: 0,
  repeats: 1,
  steps: 1,
  candidates: 500,
  images: 10_000,
};
const multiplesUpTo = (step, last) => Array.from({ length: last / step + 1 }, (_, i) => i * step);

export const FULL = {
  step: { ...base, datasetSize: 10_000, width: 10_000, warm: 5, repeats: 3, steps: 20 },
  dense: { ...base, datasetSize: 4096, width: 10_000, rate: 1e-3, warm: 5, repeats: 3, steps: 10 },
  checkpoint: { ...base, datasetSize: 60_000, width: 10_000, t: 500, warm: 1 },
  published: { ...base },
  trajectory: { ...base, datasetSize: 10_000, width: 1000, k: 100, checkpoints: multiplesUpTo(100, 2000) },
  'trajectory-wide': { ...base, datasetSize: 20_000, width: 10_000, checkpoints: multiplesUpTo(100, 200) },
  evaluation: { ...base },
};

/** Small sizes: checks that everything runs and both sides agree. The times mean nothing. */
export const QUICK = {
  step: { ...base, images: 400, datasetSize: 400, width: 150, warm: 5, repeats: 2, steps: 5 },
  dense: { ...base, datasetSize: 256, width: 150, rate: 1e-3, warm: 5, repeats: 2, steps: 5 },
  checkpoint: { ...base, images: 400, datasetSize: 400, width: 150, k: 30, t: 40, candidates: 20 },
  published: { ...base },
  trajectory: {
    ...base,
    images: 400,
    datasetSize: 400,
    width: 50,
    k: 20,
    checkpoints: multiplesUpTo(20, 60),
  },
  'trajectory-wide': {
    ...base,
    images: 400,
    datasetSize: 400,
    width: 150,
    k: 20,
    checkpoints: multiplesUpTo(20, 40),
  },
  evaluation: { ...base },
};

export const CASES = {
  step: 'SGD step, MNIST-like inputs',
  dense: 'SGD step, dense Gaussian inputs',
  checkpoint: 'checkpoint, exact selection',
  published: 'the same, published selection',
  trajectory: 'trajectory, exact selection, evaluated on the training set',
  'trajectory-wide': 'the same',
  evaluation: 'ours with the sets that a sweep evaluates by default, over ours without',
};

/** Instruction sets, each for both sides: our kernels, and what tells PyTorch and OpenBLAS to use no wider ones. */
export const INSTRUCTION_SETS = {
  avx2: {
    flag: /\bavx2\b/,
    kernels: 'native-256',
    environment: {
      OPENBLAS_CORETYPE: 'Haswell',
      ATEN_CPU_CAPABILITY: 'avx2',
      MKL_ENABLE_INSTRUCTIONS: 'AVX2',
    },
  },
  avx512: {
    flag: /\bavx512f\b/,
    kernels: 'native-512',
    environment: {
      OPENBLAS_CORETYPE: 'SkylakeX',
      ATEN_CPU_CAPABILITY: 'avx512',
      MKL_ENABLE_INSTRUCTIONS: 'AVX512',
    },
  },
};
