import { describe, expect, it } from 'vitest';
import { compareCurves, type OwnCurve } from '../../src/compare/compare.js';
import { checkpointsApart } from '../../src/compare/crossings.js';
import { readTable, type TableCell } from '../../src/compare/published-table.js';
import { publishedFigure } from '../data/fixtures.js';

const TIMES = [0, 10, 20];
const cells = (width: number, n: number, values: readonly number[]): TableCell[] =>
  values.map((value, i) => ({ width, n, t: TIMES[i]!, value }));
const curve = (
  n: number,
  seed: number,
  values: readonly number[],
  width = 5,
  times: readonly number[] = TIMES,
): OwnCurve => ({ width, n, seed, points: values.map((value, i) => ({ t: times[i]!, value })) });

describe('a comparison', () => {
  // By hand, all in eighths, so that sums are exact.
  const table = [...cells(5, 100, [0.5, 0.75, 1]), ...cells(5, 200, [0.5, 0.625, 0.75])];
  const curves = [
    curve(200, 1, [0.5, 0.75, 0.875]),
    curve(200, 0, [0.5, 0.5, 0.625]),
    curve(100, 0, [0.25, 0.75, 1]),
    curve(100, 1, [0.25, 0.5, 0.75]),
  ];
  const { widths, cells: compared, missing } = compareCurves(table, curves, 'higher', 10);
  const [only] = widths;

  it('takes means over seeds, cell by cell', () => {
    expect(compared.map(({ n, t, ours, difference }) => [n, t, ours, difference])).toEqual([
      [100, 0, 0.25, -0.25],
      [100, 10, 0.625, -0.125],
      [100, 20, 0.875, -0.125],
      [200, 0, 0.5, 0],
      [200, 10, 0.625, 0],
      [200, 20, 0.75, 0],
    ]);
    expect(compared[1]).toEqual({
      width: 5,
      n: 100,
      t: 10,
      published: 0.75,
      ours: 0.625,
      seeds: 2,
      low: 0.5,
      high: 0.75,
      difference: -0.125,
    });
    expect(missing).toEqual({ ours: [], published: [] });
  });

  it('sums up: all, from a checkpoint on, and by checkpoint', () => {
    expect(widths).toHaveLength(1);
    expect(only!.all).toEqual({
      cells: 6,
      medianAbsolute: 0.0625,
      worstAbsolute: 0.25,
      worstAt: { n: 100, t: 0 },
      meanDifference: -0.5 / 6,
    });
    expect(only!.from).toMatchObject({ cells: 4, medianAbsolute: 0.0625, worstAt: { n: 100, t: 10 } });
    expect(only!.byT.map(({ t, cells: count, meanDifference }) => [t, count, meanDifference])).toEqual([
      [0, 2, -0.125],
      [10, 2, -0.0625],
      [20, 2, -0.0625],
    ]);
    const none = compareCurves(table, curves, 'higher', 1000).widths[0]!;
    expect(none.from).toEqual({
      cells: 0,
      medianAbsolute: null,
      worstAbsolute: null,
      worstAt: null,
      meanDifference: null,
    });
    expect(compareCurves(table, curves, 'higher', null).widths[0]!.from).toBeNull();
  });

  it('takes thresholds on averaged curves, and each seed’s own against its own level', () => {
    expect(only!.thresholds).toEqual({
      largestSize: 200,
      publishedLevel: 0.75,
      level: 0.75,
      sizes: [
        {
          n: 100,
          published: { at: 10 },
          ours: { at: 20 },
          seeds: [
            { seed: 0, crossing: { at: 10 } }, // level 0.625
            { seed: 1, crossing: { at: null } }, // level 0.875
          ],
        },
        {
          n: 200,
          published: { at: 20 },
          ours: { at: 20 },
          seeds: [
            { seed: 0, crossing: { at: 20 } },
            { seed: 1, crossing: { at: 20 } },
          ],
        },
      ],
      compared: 2,
      withinOneCheckpoint: 2,
    });
  });

  it('does not depend on the order of the curves', () => {
    expect(compareCurves(table, curves.toReversed(), 'higher', 10)).toEqual(
      compareCurves(table, curves, 'higher', 10),
    );
  });

  it('lists cells that one side lacks, interpolates nothing, and leaves thresholds unknown', () => {
    const more = [
      curve(100, 0, [0.5, 0.75], 5, [0, 20]), // without t = 10
      curve(200, 0, [0.5, 0.6, 0.625, 0.75], 5, [0, 5, 10, 20]),
      curve(100, 0, [0.5], 7),
    ];
    const result = compareCurves([...table, ...cells(9, 100, [0.5])], more, 'higher', null);
    expect(result.missing).toEqual({
      ours: [
        { width: 5, n: 100, t: 10 },
        { width: 9, n: 100, t: 0 },
      ],
      published: [
        { width: 5, n: 200, t: 5 },
        { width: 7, n: 100, t: 0 },
      ],
    });
    const { sizes, compared: known } = result.widths[0]!.thresholds;
    expect(result.widths.map(({ width }) => width)).toEqual([5]);
    expect(sizes.map(({ ours }) => ours)).toEqual([null, { at: 20 }]);
    expect(known).toBe(1);
    // Without the largest n no level is known.
    const smaller = compareCurves(table, [curve(100, 0, [0.5, 0.75, 1])], 'higher', null).widths[0]!;
    expect(smaller.thresholds).toMatchObject({ level: null, compared: 0, withinOneCheckpoint: 0 });
    expect(smaller.thresholds.sizes.map(({ ours, seeds }) => [ours, seeds])).toEqual([
      [null, [{ seed: 0, crossing: null }]],
      [null, []],
    ]);
  });

  it('of losses takes the lowest for the best', () => {
    const losses = [...cells(5, 100, [3, 2, 1]), ...cells(5, 200, [4, 2, 3])];
    const own = [curve(100, 0, [3, 3, 3]), curve(200, 0, [4, 2, 1])];
    const { thresholds } = compareCurves(losses, own, 'lower', null).widths[0]!;
    expect([thresholds.publishedLevel, thresholds.level]).toEqual([2, 1]);
    expect(thresholds.sizes.map(({ published, ours }) => [published.at, ours!.at])).toEqual([
      [10, null],
      [10, 20],
    ]);
    // Never reached is one checkpoint beyond the last: two from t = 10.
    expect(thresholds).toMatchObject({ compared: 2, withinOneCheckpoint: 1 });
  });

  it('counts checkpoints between crossings', () => {
    const apart = (a: number | null, b: number | null) => checkpointsApart({ at: a }, { at: b }, TIMES);
    expect([apart(0, 20), apart(20, 10), apart(null, 20), apart(0, null), apart(null, null)]).toEqual([
      2, 1, 1, 3, 0,
    ]);
  });
});

const figure2 = publishedFigure();

it.skipIf(figure2 === null)('the published thresholds of the paper’s figure come out', () => {
  const table = readTable(figure2!, 'accuracy');
  expect(table).toHaveLength(3 * 11 * 9);
  const own = [...new Set(table.map(({ width }) => width))].map(width => curve(1000, 0, [0], width));
  const { widths } = compareCurves(table, own, 'higher', null);
  expect(
    widths.map(({ width, thresholds: { largestSize, publishedLevel, sizes } }) => [
      width,
      largestSize,
      publishedLevel,
      sizes.map(({ published }) => published.at! / 1000),
    ]),
  ).toEqual([
    [5000, 50000, 0.981, [1, 3, 3, 4, 5, 5, 6, 6, 6, 6, 7]],
    [10000, 50000, 0.98, [2, 3, 3, 4, 4, 5, 5, 6, 5, 8, 8]],
    [20000, 50000, 0.964, [2, 5, 5, 7, 8, 8, 8, 8, 8, 8, 7]],
  ]);
});
