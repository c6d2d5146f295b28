/** Recomputes one trajectory and writes the files with which another program can check it (README.md, "Export"). */
import { setImmediate as turn } from 'node:timers/promises';
import { StoppedError } from '../base/errors.js';
import { denseRange } from '../data/dense.js';
import type { InputMatrix } from '../data/inputs.js';
import type { PlannedTrajectory, Variant } from '../domain/types.js';
import { pathKey } from '../domain/variant.js';
import { Batches } from './batches.js';
import type { TrajectoryEnvironment } from './environment.js';
import { ExportFolder } from './export-folder.js';
import { NpyWriter, writeNpy } from './npy.js';
import { selectPaths } from './prune.js';
import { openSession, type Session } from './session.js';

export interface ExportOptions {
  readonly output: string;
  /** Checkpoints whose weights and picks are written; default: all. 0 is always written. */
  readonly at?: readonly number[] | undefined;
  /** Number of iterations whose batches are written; default: the largest checkpoint written. */
  readonly batches?: number | undefined;
}

/** Rows of inputs or batches per write. */
const ROWS = 4096;
/** Training in between two looks for signals, which the process sees in turns of its event loop. */
const TURN_MS = 200;

/**
 * Writes the files into the existing folder `output`, in place of a former export of the same trajectory, and returns
 * their names. config.json comes last, so that a folder that has it is whole; after an error nothing remains.
 *
 * @throws StoppedError once `environment.stopRequested`; DivergedError; system errors.
 */
export async function exportTrajectory(
  trajectory: PlannedTrajectory,
  environment: TrajectoryEnvironment,
  { output, at, batches }: ExportOptions,
): Promise<string[]> {
  const { id, config } = trajectory;
  const checkpoints = trajectory.checkpoints.filter(({ t }) => t === 0 || !at || at.includes(t));
  const times = checkpoints.map(({ t }) => t);
  const session = openSession(id, config, environment);
  try {
    const folder = new ExportFolder(output, describe(trajectory, times));
    try {
      writeProblem(folder, session, batches ?? times.at(-1) ?? 0);
      for (const { t, variants } of checkpoints) {
        while (session.t < t) {
          session.trainTo(t, TURN_MS);
          await turn();
          if (environment.stopRequested()) throw new StoppedError();
        }
        writeCheckpoint(folder, session, variants);
        await turn();
      }
      return folder.finish();
    } catch (error) {
      folder.discard();
      throw error;
    }
  } finally {
    session.close();
  }
}

/** Writes what does not change with t. */
function writeProblem(folder: ExportFolder, session: Session, iterations: number): void {
  writeNpy(folder.file('samples.npy'), session.samples);
  writeInputs(folder.file('inputs.npy'), session.inputs);
  writeNpy(folder.file('labels.npy'), session.labels);
  writeNpy(folder.file('signs.npy'), Float32Array.from(session.network.state().signs));
  writeBatches(folder.file('batches.npy'), session, iterations);
}

function writeCheckpoint(folder: ExportFolder, session: Session, variants: readonly Variant[]): void {
  const { t, config, inputs } = session;
  const { weights, signs } = session.network.state();
  writeNpy(folder.file(`weights_${t}.npy`), Float32Array.from(weights), [config.width, inputs.columns]);
  if (config.train.layers === 'both') writeNpy(folder.file(`outputs_${t}.npy`), Float32Array.from(signs));
  for (const { name, picks } of selectNamed(session, variants))
    writeNpy(folder.file(`picks_${name}_${t}.npy`), picks);
}

/**
 * Paths named by method; if a method has more than one path, by method and objective. Those on samples always have the
 * objective and the sample size in their name.
 */
function selectNamed(session: Session, variants: readonly Variant[]): { name: string; picks: Int32Array }[] {
  const paths = selectPaths(session, session.network.activate(), variants);
  const isAmbiguous = new Set(paths.map(pathKey)).size > new Set(paths.map(({ method }) => method)).size;
  return paths.map(({ method, objective, sampleSize, picks }) => {
    if (sampleSize !== null) return { name: `${method}-${objective}-${sampleSize}`, picks };
    return { name: isAmbiguous && objective ? `${method}-${objective}` : method, picks };
  });
}

/** The resolved settings, named as in the sweep file. */
function describe({ id, config, checkpoints }: PlannedTrajectory, written: readonly number[]): object {
  const variants = checkpoints.flatMap(checkpoint => checkpoint.variants);
  const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];
  return {
    id,
    engine: config.engine,
    numerics: config.numerics,
    datasetSize: config.datasetSize,
    width: config.width,
    seed: config.seed,
    checkpoints: written,
    subnetSize: Math.max(...variants.map(({ subnetSize }) => subnetSize)),
    dataset: config.dataset,
    network: config.network,
    inputs: config.inputs,
    train: config.train,
    prune: {
      method: unique(variants.map(({ method }) => method)),
      objective: unique(variants.flatMap(({ objective }) => objective ?? [])),
      sampleSize: unique(variants.filter(({ objective }) => objective).map(({ sampleSize }) => sampleSize)),
    },
    retrain: { iterations: unique(variants.map(({ retrainIterations }) => retrainIterations)) },
  };
}

/** Writes the n x d matrix as the network sees it, zeros included. */
function writeInputs(file: string, inputs: InputMatrix): void {
  const { rows, columns } = inputs;
  const writer = new NpyWriter(file, 'float32', [rows, columns]);
  try {
    for (let from = 0; from < rows; from += ROWS) {
      const to = Math.min(rows, from + ROWS);
      writer.append(denseRange(inputs, from, to));
    }
  } finally {
    writer.close();
  }
}

/** Draws the batches again and writes them, iterations x B: positions in `samples`. */
function writeBatches(file: string, { config }: Session, iterations: number): void {
  const batches = new Batches(config.datasetSize, config.train.batchSize, config.seed);
  const writer = new NpyWriter(file, 'int32', [iterations, batches.size]);
  try {
    for (let done = 0; done < iterations; done += ROWS)
      writer.append(batches.take(Math.min(ROWS, iterations - done)));
  } finally {
    writer.close();
  }
}
