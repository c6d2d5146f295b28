/** Recomputes one trajectory and writes the files with which another program can check it (README.md, "Export"). */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InputMatrix } from '../data/inputs.js';
import type { PlannedTrajectory, Variant } from '../domain/types.js';
import { Batches } from './batches.js';
import type { TrajectoryEnvironment } from './environment.js';
import { NpyWriter, writeNpy } from './npy.js';
import { pathKey, selectPaths } from './prune.js';
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

/** Writes the files into the existing folder `output` and returns their names. */
export function exportTrajectory(
  trajectory: PlannedTrajectory,
  environment: TrajectoryEnvironment,
  options: ExportOptions,
): string[] {
  const { id, config } = trajectory;
  const checkpoints = trajectory.checkpoints.filter(
    ({ t }) => t === 0 || !options.at || options.at.includes(t),
  );
  const largestT = checkpoints.at(-1)?.t ?? 0;
  const files: string[] = [];
  const file = (name: string) => {
    files.push(name);
    return join(options.output, name);
  };
  writeFileSync(
    file('config.json'),
    `${JSON.stringify(
      describe(
        trajectory,
        checkpoints.map(({ t }) => t),
      ),
      null,
      2,
    )}\n`,
  );

  const session = openSession(id, config, environment);
  try {
    const { width } = config;
    const { columns } = session.inputs;
    writeNpy(file('samples.npy'), session.samples);
    writeInputs(file('inputs.npy'), session.inputs);
    writeNpy(file('labels.npy'), session.labels);
    writeNpy(file('signs.npy'), Float32Array.from(session.network.state().signs));
    writeBatches(file('batches.npy'), session, options.batches ?? largestT);
    for (const { t, variants } of checkpoints) {
      session.trainTo(t);
      const { weights, signs } = session.network.state();
      writeNpy(file(`weights_${t}.npy`), Float32Array.from(weights), [width, columns]);
      if (config.train.layers === 'both') writeNpy(file(`outputs_${t}.npy`), Float32Array.from(signs));
      for (const { name, picks } of selectNamed(session, variants)) {
        writeNpy(file(`picks_${name}_${t}.npy`), picks);
      }
    }
  } finally {
    session.close();
  }
  return files;
}

/** Paths named by method; if a method has more than one objective, by method and objective. */
function selectNamed(session: Session, variants: readonly Variant[]): { name: string; picks: Int32Array }[] {
  const paths = selectPaths(session, session.network.activate(), variants);
  const isAmbiguous = new Set(paths.map(pathKey)).size > new Set(paths.map(({ method }) => method)).size;
  return paths.map(({ method, objective, picks }) => ({
    name: isAmbiguous && objective ? `${method}-${objective}` : method,
    picks,
  }));
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
    },
    retrain: { iterations: unique(variants.map(({ retrainIterations }) => retrainIterations)) },
  };
}

/** Writes the n x d matrix as the network sees it, zeros included. */
function writeInputs(file: string, inputs: InputMatrix): void {
  const { rows, columns, rowStart, column, value } = inputs;
  const writer = new NpyWriter(file, 'float32', [rows, columns]);
  try {
    for (let from = 0; from < rows; from += ROWS) {
      const to = Math.min(rows, from + ROWS);
      const dense = new Float32Array((to - from) * columns);
      for (let r = from; r < to; r++) {
        for (let e = rowStart[r]!; e < rowStart[r + 1]!; e++)
          dense[(r - from) * columns + column[e]!] = value[e]!;
      }
      writer.append(dense);
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
