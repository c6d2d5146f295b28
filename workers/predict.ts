/** Entry of a worker thread: predicts one trajectory after the other. It never sees the store. */
import { workerData } from 'piscina';
import type { Dataset } from '../src/data/dataset.js';
import { type PredictedTrajectory, type PredictionTask, predictTrajectory } from '../src/theory/predict.js';
import { loadKernels } from '../src/theory/wasm-room.js';
import { InputLibrary } from '../src/trajectory/environment.js';

const library = new InputLibrary(workerData as ReadonlyMap<string, Dataset>);

export default async function run(task: PredictionTask): Promise<PredictedTrajectory> {
  return predictTrajectory(task, library, await loadKernels());
}
