// What is compared, and how large it is. Each round starts new processes, which do `warm` units before `repeats` that
// are timed. (Later than a few steps, one relu decided by rounding makes the two sides' weights differ.)
const base = { batchSize: 128, rate: 0.1, k: 200, warm: 0, repeats: 1, steps: 1, candidates: 500 };
const every = (step, last) => Array.from({ length: last / step + 1 }, (_, i) => i * step);

export const FULL = {
  step: { ...base, datasetSize: 10_000, width: 10_000, warm: 5, repeats: 3, steps: 20 },
  dense: { ...base, datasetSize: 4096, width: 10_000, rate: 1e-3, warm: 5, repeats: 3, steps: 10 },
  checkpoint: { ...base, datasetSize: 60_000, width: 10_000, t: 500, warm: 1 },
  published: { ...base },
  trajectory: { ...base, datasetSize: 10_000, width: 1000, k: 100, checkpoints: every(100, 4000) },
};

export const QUICK = {
  step: { ...base, datasetSize: 500, width: 500, warm: 5, repeats: 3, steps: 20 },
  dense: { ...base, datasetSize: 256, width: 300, rate: 1e-3, warm: 5, repeats: 2, steps: 10 },
  checkpoint: { ...base, datasetSize: 1000, width: 500, k: 50, t: 100, warm: 1, repeats: 2 },
  published: { ...base },
  trajectory: { ...base, datasetSize: 500, width: 100, k: 20, checkpoints: every(20, 200) },
};

export const CASES = {
  step: 'SGD step, MNIST-like inputs',
  dense: 'SGD step, dense Gaussian inputs',
  checkpoint: 'checkpoint, exact selection',
  published: 'the same, published selection',
  trajectory: 'trajectory, exact selection',
};
