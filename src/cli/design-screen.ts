/** Renders the report that `espalier design` prints. */
import { counted, formatDuration } from '../base/units.js';
import type { DesignReport } from '../design/report.js';
import { VERDICTS, type VerdictCode } from '../fit/index.js';
import { SHORT_VERDICTS } from './fit-screen.js';
import { renderTable } from './output.js';

/** A decisive design has at least these sizes, range and seeds, and at most this ratio (docs/statistics.md). */
const DECISIVE = { sizes: 8, range: 128, seeds: 10, ratio: 1.15 } as const;

export function renderDesign(report: DesignReport): string {
  const { sweep, group, sizes, seeds, checkpoints, assumed, simulations, laws, cost } = report;
  const { noise, start, growth, learntFrom } = assumed;
  const range = sizes.at(-1)! / sizes[0]!;
  const reached = (Object.keys(VERDICTS) as VerdictCode[]).filter(code =>
    laws.some(({ verdicts, right }) => verdicts[code] !== undefined || right === code),
  );
  const percent = (count: number | undefined) =>
    count === undefined ? '' : `${Math.round((100 * count) / simulations)}%`;
  const rows = laws.map(({ truth, right, times, verdicts }) => [
    truth,
    `${iterations(times[0]!)} .. ${iterations(times.at(-1)!)}`,
    ...reached.map(code => `${percent(verdicts[code])}${right === code ? ' *' : '  '}`),
  ]);
  return [
    `${sweep}: ${group}`,
    `${counted(sizes.length, 'size')} over ${round(range)}x, ${counted(seeds, 'seed')}, ${counted(checkpoints.length, 'checkpoint')} from ${checkpoints[0]} to ${checkpoints.at(-1)}`,
    `${learntFrom === null ? 'Assumed' : `Learnt from ${learntFrom}`}: t* from ${iterations(start)} at n = ${sizes[0]}, ` +
      `growing ${round(growth)}x; ln t* varies by ${round(noise.own)} between curves, by ${round(noise.seedLevel)} ` +
      `between seeds${noise.seedSlope > 0 ? `, by ${round(noise.seedSlope)} per unit of ln n between their slopes` : ''}`,
    '',
    `How often each verdict is reached, of ${counted(simulations, 'simulated experiment')} under each law (* the right one):`,
    renderTable(['true law', 't*', ...reached.map(code => SHORT_VERDICTS[code])], rows).trimEnd(),
    '',
    ...bendsLine(report),
    ...advice(report),
    `Cost: ${formatDuration(cost.seconds)} on ${counted(cost.threads, 'thread')} of this machine, from nothing`,
    ...refinedLine(report),
    '',
  ].join('\n');
}

/**
 * Names the common reasons why data are insufficient. Adds what a decisive design has more of, if fewer than 80% of
 * the simulations under some law reach the right verdict.
 */
function advice({ laws, simulations, sizes, seeds, checkpoints }: DesignReport): string[] {
  const remedies = new Map<string, number>();
  for (const trial of laws)
    for (const [remedy, count] of Object.entries(trial.remedies))
      remedies.set(remedy, (remedies.get(remedy) ?? 0) + count);
  const common = [...remedies].filter(([, count]) => count >= 0.05 * simulations).sort((a, b) => b[1] - a[1]);
  const lines = common.map(([remedy]) => `Where data are insufficient: ${remedy}`);
  const weakest = Math.min(...laws.map(({ verdicts, right }) => (verdicts[right] ?? 0) / simulations));
  if (weakest >= 0.8) return lines;
  const ratio = Math.max(...checkpoints.slice(1).map((t, i) => t / (checkpoints[i]! + 1)));
  const more = [
    sizes.length < DECISIVE.sizes ? `${DECISIVE.sizes} sizes (here ${sizes.length})` : '',
    sizes.at(-1)! / sizes[0]! < DECISIVE.range
      ? `over ${DECISIVE.range}x (here ${round(sizes.at(-1)! / sizes[0]!)}x)`
      : '',
    seeds < DECISIVE.seeds
      ? `${DECISIVE.seeds} seeds (here ${seeds}), 20 where ln t* varies by more than 0.15`
      : '',
    ratio > DECISIVE.ratio * 1.01
      ? `checkpoints at ratio ${DECISIVE.ratio} or less (here up to ${round(ratio)})`
      : '',
  ].filter(Boolean);
  return more.length === 0 ? lines : [...lines, `A design that decides has about: ${more.join('; ')}`];
}

function bendsLine({ bends, simulations }: DesignReport): string[] {
  if (bends.length === 0) return [];
  const shares = bends.map(
    ({ shape, exponent, found }) =>
      `${shape.replaceAll('-', ' ')} ${Math.round((100 * found) / simulations)}% (local exponent ${round(exponent)} below it)`,
  );
  return [`A bend in the middle of the range would be found: ${shares.join(', ')}`];
}

function refinedLine({ refined }: DesignReport): string[] {
  if (!refined) return [];
  const { from, to, ratio, refine } = refined.pretrainIterations;
  return [
    `The same crossings from about ${Math.round((100 * refined.cells) / refined.cellsNow)}% of the cells, in ` +
      `${formatDuration(refined.seconds)}: pretrainIterations: { from: ${from}, to: ${to}, ratio: ${ratio}, refine: ${refine} }`,
  ];
}

const round = (value: number): string => String(Number(value.toPrecision(3)));
const iterations = (value: number): string => String(value < 100 ? round(value) : Math.round(value));
