// Runs our side of the comparison. FOLDER/case.json defines the case.
//
//   ours.mjs prepare FOLDER    writes the arrays that both sides start from
//   ours.mjs measure FOLDER    prints JSON: seconds of each repeat, and the results to compare with theirs
//   ours.mjs evaluation FOLDER the same of a trajectory with the sets that a sweep evaluates by default
//   ours.mjs kernels           prints JSON: what runs the hot loops
//   ours.mjs check FOLDER      prints JSON: how closely both sides' results agree
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { labelSigns } from '../../dist/src/data/dataset.js';
import { writeNpy } from '../../dist/src/trajectory/npy.js';
import { measureDense, measureSubnets, selectPaths } from '../../dist/src/trajectory/prune.js';
import { runTrajectory } from '../../dist/src/trajectory/run-trajectory.js';
import { changeError, divergenceError } from './check.mjs';
import { readNpy } from './npy.mjs';
import { batchesOf, engine, imageProblem, openGaussian, openImages } from './problem.mjs';

const DENSE_SETS = ['train', 'test'];
const SUBNET_SETS = ['train', 'pool', 'test'];

const [command, folder] = process.argv.slice(2);
const place = name => join(folder, name);
const spec = folder && JSON.parse(readFileSync(place('case.json'), 'utf8'));
const variant = {
  method: 'greedy',
  objective: 'squared',
  sampleSize: null,
  subnetSize: spec?.k,
  retrainIterations: 0,
};
const open = () => (spec.kind === 'dense' ? openGaussian(spec) : openImages(spec));
const resume = () => openImages(spec, readFileSync(place('snapshot.bin')));
const print = value => process.stdout.write(`${JSON.stringify(value)}\n`);

function prepare() {
  const session = open();
  const { inputs } = session;
  if (spec.kind === 'checkpoint') session.trainTo(spec.t);
  const { weights, signs } = session.network.state();
  writeNpy(place('weights.npy'), weights, [spec.width, inputs.columns]);
  writeNpy(place('signs.npy'), signs);
  const steps = spec.checkpoints?.at(-1) ?? spec.warm + spec.steps * spec.repeats;
  writeNpy(place('batches.npy'), batchesOf(spec, steps), [steps, spec.batchSize]);
  if (spec.kind === 'dense') {
    writeNpy(place('inputs.npy'), inputs.value, [inputs.rows, inputs.columns]);
    writeNpy(place('labels.npy'), session.labels);
    return;
  }
  writeNpy(place('samples.npy'), session.samples);
  if (spec.kind === 'checkpoint') writeFileSync(place('snapshot.bin'), session.snapshot('peers').bytes);
  if (spec.dataset === 'digits') for (const set of ['pool', 'test']) writeSet(session, set);
}

/** Writes a set of images as dense inputs (zeros included) and labels. */
function writeSet({ scaled, config }, set) {
  const { images, labels, count, pixels } = scaled.dataset[set];
  writeNpy(
    place(`${set}_inputs.npy`),
    Float32Array.from(images, byte => byte / 255),
    [count, pixels],
  );
  writeNpy(place(`${set}_labels.npy`), labelSigns(labels, config.dataset.positive));
}

/** CPU and wall seconds per unit of each repeat, and the first result. */
function repeat(work, units = 1) {
  const times = { cpu: [], wall: [] };
  const results = Array.from({ length: spec.repeats }, () => {
    const cpuBefore = process.cpuUsage();
    const started = performance.now();
    const result = work();
    times.wall.push((performance.now() - started) / 1e3 / units);
    const { user, system } = process.cpuUsage(cpuBefore);
    times.cpu.push((user + system) / 1e6 / units);
    return result;
  });
  return [times, results[0]];
}

function measureSteps() {
  const session = open();
  session.trainTo(spec.warm);
  writeNpy(place('ours_weights.npy'), session.network.state().weights, [spec.width, session.inputs.columns]);
  const [times] = repeat(() => session.trainTo(session.t + spec.steps), spec.steps);
  return times;
}

function measureCheckpoint() {
  const session = resume();
  const checkpoint = () => {
    const activations = session.network.activate();
    const [{ picks, passes }] = selectPaths(session, activations, [variant]);
    const [subnet] = measureSubnets(session, activations, picks, [spec.k], SUBNET_SETS);
    const dense = measureDense(session, activations, DENSE_SETS);
    return { picks, passes: passes.at(-1), subnet, dense };
  };
  for (let i = 0; i < spec.warm; i++) checkpoint();
  const [times, { picks, passes, subnet, dense }] = repeat(checkpoint);
  writeNpy(place('ours_picks.npy'), picks);
  const metrics = {};
  for (const [kind, sets] of Object.entries({ subnet, dense })) {
    for (const [set, { loss, accuracy }] of Object.entries(sets))
      metrics[`${kind}_${set}`] = [loss, accuracy];
  }
  return { ...times, metrics, passes, distinct: new Set(picks).size };
}

function measureTrajectory(evaluate = { dense: ['train'], subnet: ['train'] }) {
  const { environment, config } = imageProblem(spec);
  const task = {
    id: 'peers',
    config,
    checkpoints: spec.checkpoints.map(t => ({ t, variants: [variant] })),
    evaluate,
    refinement: null,
    snapshot: null,
  };
  const [times, losses] = repeat(() => {
    const losses = [];
    for (const event of runTrajectory(task, environment)) {
      if (event.kind === 'failed') throw new Error(event.message);
      if (event.kind !== 'rows') continue;
      losses.push([event.checkpoint.dense.train.loss, event.cells[0].subnet.train.loss]);
    }
    return losses;
  });
  return { ...times, losses };
}

const MEASURES = {
  step: measureSteps,
  dense: measureSteps,
  checkpoint: measureCheckpoint,
  trajectory: measureTrajectory,
  'trajectory-wide': measureTrajectory,
};

/** Steps: relative error of the weights' change. Checkpoints: score error of the first pick that differs, if any. */
function check() {
  const values = name => readNpy(place(`${name}.npy`));
  if (spec.kind !== 'checkpoint') {
    return { changeError: changeError(values('ours_weights'), values('theirs_weights'), values('weights')) };
  }
  const { inputs, labels } = resume();
  const network = { weights: values('weights'), signs: values('signs') };
  return divergenceError(inputs, labels, network, values('ours_picks'), values('theirs_picks'));
}

if (command === 'kernels') print(engine.kernels);
else if (command === 'prepare') print(prepare() ?? null);
else if (command === 'evaluation') print(measureTrajectory({ dense: DENSE_SETS, subnet: SUBNET_SETS }));
else if (command === 'measure') print(MEASURES[spec.kind]());
else print(check());
