/**
 * Runs one trajectory: trains once, and at every checkpoint prunes to every size of the task.
 * This file is the protocol of science.md; each function that it calls is one step.
 */

import { DivergedError, describeError, StoppedError } from '../base/errors.js';
import type {
  CellRow,
  CheckpointRow,
  CheckpointTask,
  TrajectoryEvent,
  TrajectoryTask,
} from '../domain/messages.js';
import { stabilityLimit } from '../domain/stability.js';
import { pathKey } from '../domain/variant.js';
import { Agenda } from './agenda.js';
import { certifiedLosses, neuronVariance } from './certificate.js';
import { stateBytes } from './cost.js';
import type { TrajectoryEnvironment } from './environment.js';
import { gatesChanged } from './gates.js';
import { initialState } from './initial.js';
import { LAMBDA_MAX_NEURONS, lambdaMax } from './lambda-max.js';
import {
  distinctCount,
  measureDense,
  measureSubnets,
  retrain,
  type SelectionPath,
  selectPaths,
} from './prune.js';
import { Route } from './route.js';
import { openSession, type Session } from './session.js';
import { addElapsed, type Elapsed, Stopwatch } from './stopwatch.js';

/** Shortest default interval of snapshots. */
const SNAPSHOT_EVERY_MS = 5_000;
/** Highest default rate of snapshot bytes, to spare the disk: about one a minute at N = 10,000 on MNIST. */
const SNAPSHOT_BYTES_PER_MS = 500;

/** Runs a task and yields its events in order. The last event is done, stopped or failed; errors do not throw. */
export function* runTrajectory(
  task: TrajectoryTask,
  environment: TrajectoryEnvironment,
): Generator<TrajectoryEvent, void> {
  let session: Session | null = null;
  let savedT = 0;
  try {
    if (environment.stopRequested()) throw new StoppedError();
    session = openSession(task.id, task.config, environment, task.snapshot?.bytes, { withGates: true });
    if (task.snapshot && session.t !== task.snapshot.t) yield damagedSnapshot(task);
    savedT = session.t;
    const etaLambdaMax = initialEtaLambdaMax(session);
    if (etaLambdaMax > stabilityLimit(task.config.train.loss)) yield tooFast(task, etaLambdaMax);

    let trained: Elapsed = { wallS: 0, cpuS: 0 };
    const due = new SnapshotTimer(task, session);
    const save = function* (open: Session): Generator<TrajectoryEvent, void> {
      const snapshot = open.snapshot(task.id);
      if (snapshot) yield { kind: 'snapshot', snapshot };
      savedT = open.t;
      due.restart();
    };
    const agenda = new Agenda(task);
    const route = new Route(task, session);
    for (let checkpoint = agenda.next(); checkpoint; ) {
      let training: Elapsed = { wallS: 0, cpuS: 0 };
      route.goBackTo(checkpoint.t);
      for (;;) {
        const watch = new Stopwatch();
        route.trainTowards(checkpoint.t, due.inMs());
        training = addElapsed(training, watch.lap());
        if (session.t === checkpoint.t) break;
        if (due.inMs() <= 0) yield* save(session);
      }
      trained = addElapsed(trained, training);
      const rows = pruneAt(checkpoint, task, session, environment, etaLambdaMax, training);
      yield { kind: 'rows', ...rows, chosen: agenda.finish(rows.checkpoint, rows.cells) };
      checkpoint = agenda.next();
      if (due.inMs() <= 0 && checkpoint) yield* save(session);
    }
    yield { kind: 'done', trainWallS: trained.wallS, trainCpuS: trained.cpuS };
  } catch (error) {
    if (error instanceof StoppedError) {
      const snapshot = session?.snapshot(task.id);
      if (snapshot && snapshot.t !== savedT) yield { kind: 'snapshot', snapshot };
      yield { kind: 'stopped' };
    } else {
      yield { kind: 'failed', ...describeError(error) };
    }
  } finally {
    session?.close();
  }
}

/** Times the next snapshot. */
class SnapshotTimer {
  #lastMs = performance.now();
  readonly #everyMs: number;

  constructor({ snapshotEveryMs, config }: TrajectoryTask, { inputs }: Session) {
    const bytes = stateBytes(config, inputs.columns);
    this.#everyMs = snapshotEveryMs ?? Math.max(SNAPSHOT_EVERY_MS, bytes / SNAPSHOT_BYTES_PER_MS);
  }

  /** Milliseconds until the next snapshot is due; negative if it is overdue. */
  inMs(): number {
    return this.#lastMs + this.#everyMs - performance.now();
  }

  restart(): void {
    this.#lastMs = performance.now();
  }
}

/**
 * Computes all cells of one checkpoint from one set of activations.
 *
 * @throws DivergedError (DIVERGED) with t if outputs are not finite
 */
function pruneAt(
  checkpoint: CheckpointTask,
  task: TrajectoryTask,
  session: Session,
  environment: TrajectoryEnvironment,
  etaLambdaMax: number,
  training: Elapsed,
): { checkpoint: CheckpointRow; cells: CellRow[] } {
  const { t, variants } = checkpoint;
  const watch = new Stopwatch();
  const activations = session.network.activate();
  if (!activations.outputs.every(Number.isFinite)) throw new DivergedError(t);
  const building = watch.lap();

  const cells = selectPaths(session, activations, variants).flatMap(path => {
    const ofPath = variants.filter(variant => pathKey(variant) === pathKey(path));
    const sizes = [...new Set(ofPath.map(variant => variant.subnetSize))].sort((a, b) => a - b);
    const measured = measureSubnets(session, activations, path.picks, sizes, task.evaluate.subnet);
    const certified = isCertifiable(path, task) ? certifiedLosses(activations, session.labels, sizes) : null;
    const selecting = addElapsed(building, path.elapsed);
    return sizes.flatMap((size, i) => {
      const ofSize = ofPath
        .filter(variant => variant.subnetSize === size)
        .sort((a, b) => a.retrainIterations - b.retrainIterations);
      const iterations = ofSize.map(variant => variant.retrainIterations).filter(count => count > 0);
      const retrained = iterations.length
        ? retrain(session, environment.engine, path.picks, size, iterations, task.evaluate.subnet)
        : [];
      return ofSize.map(variant => {
        const again = retrained[iterations.indexOf(variant.retrainIterations)];
        const elapsed = again ? addElapsed(selecting, again.elapsed) : selecting;
        return {
          ...variant,
          t,
          subnet: measured[i]!,
          retrained: again?.metrics ?? null,
          distinctNeurons: distinctCount(path.picks, size),
          activationPasses: path.passes?.[size - 1] ?? null,
          certifiedLoss: certified?.[i] ?? null,
          pruneWallS: elapsed.wallS,
          pruneCpuS: elapsed.cpuS,
        };
      });
    });
  });

  const dense = measureDense(session, activations, task.evaluate.dense);
  const deadNeurons = activations.squaredNorms.reduce((dead, norm) => dead + (norm === 0 ? 1 : 0), 0);
  return {
    checkpoint: {
      t,
      dense,
      deadNeurons,
      etaLambdaMax,
      gatesChanged: gatesChanged(session.initialGates, activations, session.inputs.rows),
      neuronVariance: neuronVariance(activations),
      trainWallS: training.wallS,
      trainCpuS: training.cpuS,
    },
    cells,
  };
}

/** The certificate is about greedy selection on the squared loss, over all n samples, that the network is trained with. */
const isCertifiable = (
  { method, objective, sampleSize }: SelectionPath,
  { config }: TrajectoryTask,
): boolean =>
  method === 'greedy' && objective === 'squared' && sampleSize === null && config.train.loss === 'squared';

/** eta * lambda_max at t = 0, also if the trajectory resumes from a snapshot. Called before any training. */
function initialEtaLambdaMax({ config, inputs, problem, t }: Session): number {
  const { network, train, seed } = config;
  const width = Math.min(config.width, LAMBDA_MAX_NEURONS);
  const { weights } = t === 0 ? problem.state : initialState(network, seed, width, inputs.columns);
  return train.learningRate * lambdaMax(inputs, weights, width, network.activation, train.layers);
}

function damagedSnapshot({ id }: TrajectoryTask): TrajectoryEvent {
  return {
    kind: 'warning',
    topic: `snapshot ${id}`,
    message: `the snapshot of trajectory ${id} is damaged; it starts over from iteration 0`,
  };
}

function tooFast(task: TrajectoryTask, etaLambdaMax: number): TrajectoryEvent {
  const { train, network, inputs, datasetSize, width, seed } = task.config;
  return {
    kind: 'warning',
    topic: `eta * lambda_max ${JSON.stringify([train, network, inputs])}`,
    message:
      `learning rate ${train.learningRate} is too high for gradient descent to be stable: eta * lambda_max is ` +
      `${etaLambdaMax.toFixed(2)}, above ${stabilityLimit(train.loss)} for the ${train.loss} loss ` +
      `(datasetSize ${datasetSize}, width ${width}, seed ${seed})`,
  };
}
