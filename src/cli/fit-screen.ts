/** Renders a fit as one screen: thresholds, laws and verdict of the primary target, then the other verdicts. */
import type {
  EstimateReport,
  FitGroup,
  FitReport,
  Law,
  LawReport,
  SizeCounts,
  VerdictCode,
} from '../fit/index.js';
import { renderTable } from './output.js';

/** The screen shows this many laws, best first. */
const LAWS_SHOWN = 5;
/** Columns of one grid: more would not fit on a line. */
const GRID_COLUMNS = 6;
const WIDTH = 100;

export function renderFit(report: FitReport): string {
  const { sweep, groups, conventions, missing, notes } = report;
  const primary = report.primary === null ? undefined : groups[report.primary];
  const parts = [`${sweep}: how does t* grow with n?\n`];
  if (primary) parts.push(primaryScreen(primary));
  else parts.push(folded(`No verdict on a primary target: ${missing}.`));
  const others = groups.filter(group => group !== primary);
  if (others.length > 0) parts.push(grids(others));
  parts.push(...predictedGrid(groups));
  for (const note of notes) parts.push(folded(`note: ${note}`));
  const { time, lossReduction, learningRate, criterion } = conventions;
  parts.push(folded(`Conventions: ${[time, criterion, lossReduction, learningRate].join('; ')}.`));
  return parts.join('\n');
}

function primaryScreen(group: FitGroup): string {
  const { verdict, regimes, regimesPredicted, warnings, laws } = group;
  const shown = laws.filter(law => law.weight !== null).slice(0, LAWS_SHOWN);
  return [
    `t* in iterations, ${group.name}`,
    thresholdTable(group.sizes),
    ...(shown.length > 0
      ? [
          `laws, best first, z = n / ${round(nRefOf(shown) ?? 1)}`,
          renderTable(
            ['law', 'mu(n)', 'sigma', 'AICc', 'weight', 'size left out', 'two largest left out'],
            shown.map(law => [
              law.name,
              formula(law.law),
              round(law.sigma),
              law.aicc === null ? null : law.aicc.toFixed(1),
              law.weight!.toFixed(3),
              scoreText(law.leaveOneSizeOut),
              scoreText(law.holdOut?.score ?? null),
            ]),
          ),
          ...(shown.some(hasTinyScore) ? [folded(TINY_SCORE_NOTE).trimEnd()] : []),
        ]
      : []),
    folded(verdict.sentence),
    ...(group.lambdaPredicted ? [folded(predictedText(group)).trimEnd()] : []),
    ...verdict.reasons.map(reason => folded(`- ${reason}`, '  ').trimEnd()),
    ...(regimes ? [folded(`Where which law holds: ${regimes.sentence}`).trimEnd()] : []),
    ...(regimesPredicted
      ? [
          folded(`Predicted by the kernel at t = 0: ${regimesPredicted.regimes.sentence}`).trimEnd(),
          folded(regimesPredicted.sentence).trimEnd(),
        ]
      : []),
    ...warnings.map(warning => folded(`warning: ${warning}`).trimEnd()),
    '',
  ].join('\n');
}

const predictedText = ({ lambdaPredicted, lambda }: FitGroup): string =>
  `lambda predicted by the kernel at t = 0: ${estimateText(lambdaPredicted!)}; measured: ` +
  `${lambda ? estimateText(lambda) : 'not fitted'}.`;

const estimateText = ({ value, interval95 }: EstimateReport): string =>
  interval95
    ? `${round(value)} (95% interval ${round(interval95.low)} to ${round(interval95.high)})`
    : `${round(value)}, without an interval`;

/**
 * The mean log likelihood of crossings that a law was not fitted to. It falls with the square of the distance in units of
 * sigma, so that below this it only says that the law is far off.
 */
const TINY_SCORE = -100;
const TINY_SCORE_NOTE =
  `Scores are mean log likelihoods of crossings that the law was not fitted to. Below ${TINY_SCORE} the law misses ` +
  'them by many sigma; by how many matters no more.';

const scoreText = (score: number | null): string | null =>
  score === null ? null : score < TINY_SCORE ? `< ${TINY_SCORE}` : round(score);

const hasTinyScore = ({ leaveOneSizeOut, holdOut }: LawReport): boolean =>
  [leaveOneSizeOut, holdOut?.score].some(score => score != null && score < TINY_SCORE);

/** Omits a column of counts that are all 0. */
function thresholdTable(sizes: readonly SizeCounts[]): string {
  const columns: (readonly [head: string, of: (size: SizeCounts) => string | number])[] = [
    ['n', size => size.n],
    ['seeds', size => size.curves],
    ['median t*', medianOf],
    ['crossed', size => size.crossed],
    ['by the first checkpoint', size => size.left],
    ['not by the last', size => size.right],
    ['unreachable', size => size.unreachable],
  ];
  const shown = columns.filter(([, of], i) => i < 4 || sizes.some(size => of(size) !== 0));
  return renderTable(
    shown.map(([head]) => head),
    sizes.map(size => shown.map(([, of]) => of(size))),
  );
}

const medianOf = ({ median: { lower, upper } }: SizeCounts): string => {
  if (lower === null) return 'unreachable';
  if (upper === null) return `> ${lower}`;
  return lower === 0 ? `<= ${upper}` : `${lower} to ${upper}`;
};

/** mu in iterations, as a formula in z = n / nRef. */
function formula(law: Law): string {
  if (law.form === 'means') return '';
  const level = Math.exp(law.alpha);
  if (law.form === 'power') return `${round(level)} z^${round(law.c)}`;
  if (law.r === 0) return round(level);
  const { r, lambda } = law;
  const plus = (term: number, of: string): string => `${term < 0 ? '-' : '+'} ${round(Math.abs(term))} ${of}`;
  if (lambda === 0) return `${round(level)} ${plus(level * r, 'ln z')}`;
  const power = lambda === 1 ? 'z' : `z^${round(lambda)}`;
  // For a small lambda the two terms would nearly cancel.
  if (Math.abs(lambda) < 0.1)
    return `${round(level)} ${plus(level * r, `(${power} - 1) / ${round(lambda)}`)}`;
  return `${round(level * (1 - r / lambda))} ${plus((level * r) / lambda, power)}`;
}

const nRefOf = (laws: readonly LawReport[]): number | undefined =>
  laws.map(({ law }) => (law.form === 'means' ? undefined : law.nRef)).find(value => value !== undefined);

/** The verdicts as short texts for tables. */
export const SHORT_VERDICTS: Readonly<Record<VerdictCode, string>> = {
  'insufficient-data': 'insufficient',
  'no-smooth-law': 'no smooth law',
  'no-growth': 'no growth',
  decreases: 'decreases',
  faster: 'faster',
  slower: 'slower',
  logarithmic: 'logarithmic',
  'not-decisive': 'not decisive',
};

/** Verdicts by target (rows) and N, k, method and axes (columns). A table has at most GRID_COLUMNS columns. */
function grids(groups: readonly FitGroup[]): string {
  const ordered = [...groups].sort(
    (a, b) =>
      Number(a.method === null) - Number(b.method === null) ||
      (b.width ?? 0) - (a.width ?? 0) ||
      (b.subnetSize ?? 0) - (a.subnetSize ?? 0),
  );
  const columns = [...new Set(ordered.map(columnOf))];
  const targets = [...new Set(groups.map(targetOf))];
  const parts = ['the other targets, N and k: verdict and lambda'];
  for (let from = 0; from < columns.length; from += GRID_COLUMNS) {
    const own = columns.slice(from, from + GRID_COLUMNS);
    const rows = targets.map(target => [
      target,
      ...own.map(column => {
        const group = groups.find(one => targetOf(one) === target && columnOf(one) === column);
        return group ? cellOf(group) : null;
      }),
    ]);
    const filled = rows.filter(row => row.slice(1).some(cell => cell !== null));
    parts.push(renderTable(['target', ...own], filled).trimEnd());
  }
  const tests = groups.filter(group => group.holmP !== null).length;
  if (tests > 0)
    parts.push(
      folded(
        `*: growth at p < 0.05 after Holm's adjustment for ${tests === 1 ? 'this one test' : `these ${tests} tests`}.`,
      ),
    );
  return parts.join('\n');
}

/** lambda by target, predicted and measured; nothing without predictions. */
function predictedGrid(groups: readonly FitGroup[]): string[] {
  const withPrediction = groups.filter(({ lambdaPredicted }) => lambdaPredicted !== null);
  if (withPrediction.length === 0) return [];
  const first = new Map<string, FitGroup>();
  for (const group of withPrediction) {
    const key = targetOf(group);
    if (!first.has(key)) first.set(key, group);
  }
  const rows = [...first].map(([target, { lambdaPredicted, lambda }]) => [
    target,
    estimateText(lambdaPredicted!),
    lambda ? estimateText(lambda) : null,
  ]);
  const head = ['target, largest N and k', 'lambda predicted', 'lambda measured'];
  return [`growth as the kernel at t = 0 predicts it for the dense network\n${renderTable(head, rows)}`];
}

const targetOf = ({ metric, target }: FitGroup): string => `${metric} ${target}`;

function columnOf({ width, method, subnetSize, retrainIterations, axes }: FitGroup): string {
  return [
    ...(width === null ? [] : [`N ${width}`]),
    ...(method === null ? ['dense'] : []),
    ...(subnetSize === null ? [] : [`k ${subnetSize}`]),
    ...(method === null || method === 'greedy' ? [] : [method]),
    ...(retrainIterations ? [`re-trained ${retrainIterations}`] : []),
    ...Object.entries(axes).map(([path, value]) => `${path.split('.').at(-1)} ${value}`),
  ].join(' ');
}

function cellOf({ verdict: { code }, lambda, holmP }: FitGroup): string {
  const shown = lambda?.interval95 && code !== 'no-growth' ? ` ${round(lambda.value)}` : '';
  return `${SHORT_VERDICTS[code]}${code === 'insufficient-data' ? '' : shown}${holmP !== null && holmP < 0.05 ? '*' : ''}`;
}

/** Breaks `text` between words at WIDTH characters. The result ends with a line break. */
function folded(text: string, indent = ''): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line.length + word.length + 1 > WIDTH && line !== '') lines.push(indent + word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return `${lines.join('\n')}\n`;
}

const round = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
