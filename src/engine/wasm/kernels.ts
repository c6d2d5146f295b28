/** The kernels' signatures: the exports of ../assembly/index.ts, which documents the arguments. */
import type { Activation } from '../../domain/types.js';

/** The number of each activation in the kernels (../assembly/sigma.ts). */
export const ACTIVATION_KIND: Readonly<Record<Activation, number>> = { relu: 0, tanh: 1, softplus: 2 };

/** The number of each objective in `sampleLosses`. */
export const OBJECTIVE_KIND = { squared: 0, logistic: 1, brier: 2 } as const;

export interface Kernels {
  preactivate(weights: number, runs: number, count: number, out: number): void;
  preactivateHalf(weights: number, runs: number, count: number, out: number): void;
  packEntries(columns: number, values: number, count: number, entries: number): void;
  countColumns(runs: number, count: number, counts: number): void;
  layColumns(counts: number, d: number, entries: number, columns: number, all: boolean): number;
  fillColumns(runs: number, count: number, sample: number, places: number): void;
  descend(
    weights: number,
    velocity: number,
    deltas: number,
    columns: number,
    count: number,
    momentum: number,
    decay: number,
    rate: number,
    shift: number,
    scratch: number,
  ): void;
  sumRows(rows: number, count: number, factor: number, sum: number, scratch: number): void;
  addOutputs(kind: number, z: number, count: number, coefficients: number, f: number): void;
  lossSlopes(
    logistic: boolean,
    f: number,
    labels: number,
    weights: number,
    count: number,
    slopes: number,
  ): number;
  deltas(kind: number, z: number, count: number, slopes: number, factors: number): void;
  addSignSums(kind: number, z: number, count: number, slopes: number, sums: number, scratch: number): void;
  spreadRows(runs: number, count: number, rows: number, panel: number): void;
  sumSubsets(panel: number, slopes: number, groups: number, tables: number): void;
  maskRows(z: number, count: number, masks: number): void;
  descendTile(
    weights: number,
    velocity: number,
    masks: number,
    tables: number,
    groups: number,
    columns: number,
    factors: number,
    momentum: number,
    decay: number,
    rate: number,
    scratch: number,
  ): void;
  activate(kind: number, z: number, count: number, gains: number): void;
  addStatistics(
    phi: number,
    labels: number,
    count: number,
    projections: number,
    norms: number,
    peaks: number,
  ): void;
  addNeuron(phi: number, count: number, z: number): void;
  gatherColumn(phi: number, stride: number, n: number, entries: number, runs: number, c: number): void;
  gram(phi: number, n: number, runs: number, targets: number, columns: number, scratch: number): void;
  sketchRows(phi: number, n: number, m: number, sketch: number): void;
  sketchProducts(sketch: number, values: number, m: number, products: number): void;
  copyNeuron(phi: number, n: number, values: number): void;
  dot(a: number, b: number, n: number): number;
  logisticPoint(
    z: number,
    labels: number,
    n: number,
    j: number,
    derivatives: number,
    stride: number,
    loss: number,
  ): void;
  logisticMoments(phi: number, derivatives: number, stride: number, n: number, moments: number): void;
  logisticMargins(z: number, labels: number, n: number, j: number, margins: number): void;
  logisticLosses(phi: number, margins: number, n: number, losses: number, scratch: number): void;
  logisticLoss(outputs: number, z: number, labels: number, n: number, j: number, loss: number): void;
  sampleLosses(
    objective: number,
    phi: number,
    rows: number,
    z: number,
    labels: number,
    count: number,
    j: number,
    losses: number,
  ): void;
  dotRows(rows: number, vector: number, padded: number, count: number, products: number): void;
  subtractRows(rows: number, coefficients: number, padded: number, count: number, vector: number): void;
  candidateMoments(outputs: number, derivatives: number, padded: number, moments: number): void;
  panelProducts(phi: number, vectors: number, n: number, columns: number, products: number): void;
  panelSquares(phi: number, vectors: number, n: number, columns: number, products: number): void;
}
