/** A database whose curves follow a known law: t* is 40 ln(n / 20) iterations, apart from the seed. */
import { FIGURES } from '../../src/report/figures/index.js';
import { Store } from '../../src/store/write/store.js';
import { ATTEMPT, config, greedy, planned, random, sweep } from '../store/fixtures.js';

/** The figures of this database, which has no predictions. */
export const DRAWN = FIGURES.filter(({ name }) => name !== 'bound' && name !== 'local-exponent');

export const SIZES = [100, 300, 900, 2700, 8100];
export const SEEDS = [0, 1, 2, 3, 4];
export const TIMES = [0, ...Array.from({ length: 30 }, (_, i) => Math.round(8 * 1.2 ** i))];

export const HOSTILE = '<script>document.title = "broken"</script><img src=x onerror=alert(1)>';

const thresholdAt = (n: number, seed: number): number => 40 * Math.log(n / 20) * (1 + (seed - 2) / 40);
/** 0.5 at t = 0, 0.15 at the threshold. */
export const lossAt = (n: number, seed: number, t: number): number =>
  0.5 / (1 + (7 / 3) * (t / thresholdAt(n, seed)));

/** Writes a sweep of this name, with `text` wherever a database holds text. One trajectory has failed. */
export function fill(file: string, name: string, text: string): void {
  const variants = [greedy(5), greedy(10), random(10)];
  const plans = SIZES.flatMap(n =>
    SEEDS.map(seed => planned(`n${n}s${seed}`, TIMES, variants, config(n, seed))),
  );
  const failing = planned('failing', TIMES, variants, config(100, 5));
  const store = Store.open(file);
  try {
    store.saveSweep(
      sweep(name, {
        description: text,
        definition: { name, axes: { datasetSize: SIZES, 'dataset.dir': [text], seed: { count: 6 } } },
        thresholds: [
          { metric: 'subnet_train_loss', kind: 'atMost', value: 0.15, primary: true },
          { metric: 'subnet_train_loss', kind: 'atMost', value: 0.25, primary: false },
          { metric: 'dense_train_loss', kind: 'atMost', value: 0.2, primary: false },
        ],
        axes: () => ({ 'dataset.dir': text }),
      }),
      [...plans, failing],
    );
    for (const { id, config: settings } of plans) {
      store.started(id, { ...ATTEMPT, host: text, cpu: text });
      for (const t of TIMES) {
        const loss = lossAt(settings.datasetSize, settings.seed, t);
        const sets = (of: number) =>
          Object.fromEntries(['train', 'test'].map(set => [set, { loss: of, accuracy: 1 - of }]));
        const cells = variants.map(variant => ({
          ...variant,
          t,
          subnet: sets(loss * (variant.method === 'random' ? 1.5 : 1)),
          retrained: null,
          distinctNeurons: variant.subnetSize,
          activationPasses: 1,
          certifiedLoss: null,
          pruneWallS: 0.5,
          pruneCpuS: 0.5,
        }));
        const dense = {
          t,
          dense: sets(loss * 1.1),
          deadNeurons: 0,
          etaLambdaMax: 1,
          gatesChanged: 0.1,
          neuronVariance: 1,
          trainWallS: 1,
          trainCpuS: 1,
        };
        void store.rows(id, dense, cells);
      }
      void store.finished(id, { kind: 'done', trainWallS: 30, trainCpuS: 30 });
    }
    store.started('failing', ATTEMPT);
    void store.finished('failing', { kind: 'failed', code: 'DIVERGED', message: text, stack: null });
  } finally {
    store.close();
  }
}
