// An engine of your own: as `wasm`, but it selects the k neurons that are best each on its own, in place of greedily.
//   node examples/own-engine.mjs [SWEEP] [DATABASE]
import { createEngine, prepareSweep, readSweep, runSweep } from 'espalier';

/** The neurons by their own squared loss on the training samples, best first, ties to the lowest index. */
function bestAlone(activations, labels, width, subnetSize) {
  const losses = Array.from({ length: width }, (_, neuron) => {
    const [outputs] = activations.subnetOutputs(Int32Array.of(neuron), [1]);
    return outputs.reduce((sum, output, i) => sum + (output - labels[i]) ** 2, 0);
  });
  const order = losses.map((_, neuron) => neuron).sort((a, b) => losses[a] - losses[b] || a - b);
  return Int32Array.from({ length: subnetSize }, (_, i) => order[i % width]);
}

const wasm = await createEngine('wasm');
/** @type {import('espalier').Engine} */
const oneShot = {
  ...wasm,
  // Results are stored under this name and version. Raise the version whenever any bit of the results changes.
  name: 'own:one-shot',
  numerics: 1,
  open(problem) {
    const network = wasm.open(problem);
    return {
      train: (batches, steps) => network.train(batches, steps),
      state: spare => network.state(spare),
      restore: state => network.restore(state),
      outputs: inputs => network.outputs(inputs),
      subnetOutputs: (inputs, picks, sizes) => network.subnetOutputs(inputs, picks, sizes),
      close: () => network.close(),
      activate() {
        const activations = network.activate();
        return {
          outputs: activations.outputs,
          squaredNorms: activations.squaredNorms,
          responses: count => activations.responses(count),
          subnetOutputs: (picks, sizes) => activations.subnetOutputs(picks, sizes),
          greedy(_objective, subnetSize) {
            const picks = bestAlone(activations, problem.labels, problem.width, subnetSize);
            return { picks, passes: new Int32Array(subnetSize).fill(1) };
          },
        };
      },
    };
  },
};

const [sweep = 'examples/small.yaml', db = 'results/one-shot.sqlite'] = process.argv.slice(2);
const prepared = await prepareSweep(readSweep(sweep), { engine: oneShot });
const { progress } = await runSweep(prepared, { db, threads: 1 });
console.log(`${prepared.engine.name}: ${progress.cellsDone} of ${progress.cells} cells`);
