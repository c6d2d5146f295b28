// A law of your own on the thresholds of a database, t* = a (ln n)^2, beside those of espalier, by AICc:
//   node examples/own-law.mjs [DATABASE]
// t* is known to lie between two checkpoints, so the likelihood is that of intervals of ln t*, with noise sigma.
import { analyseSweep, chooseSweep, openReader } from 'espalier';

const [db = 'results/small.sqlite'] = process.argv.slice(2);
const reader = openReader(db);
const { input, report } = await analyseSweep(reader, chooseSweep(reader, db));
reader.close();

const primary = report.groups[report.primary];
const rows = input.rows.filter(
  row => row.metric === primary.metric && row.target === primary.target && row.lower !== null,
);

/** The normal distribution function, to 1e-7 (Abramowitz and Stegun, 26.2.17). */
function normal(x) {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const tail =
    Math.exp((-x * x) / 2) *
    t *
    (0.127414796 + t * (-0.142248368 + t * (0.7107068705 + t * (-0.7265760135 + t * 0.5307027145))));
  return x > 0 ? 1 - tail : tail;
}

/** ln of the probability of all intervals, if ln t* is normal around ln a + 2 ln ln n. */
const logLikelihood = (logA, sigma) =>
  rows.reduce((sum, { datasetSize, lower, upper }) => {
    const centre = logA + 2 * Math.log(Math.log(datasetSize));
    const below = t => normal((Math.log(t) - centre) / sigma);
    return sum + Math.log(Math.max(1e-12, (upper === null ? 1 : below(upper)) - below(lower)));
  }, 0);

/** Coordinates in turn, with steps that halve. */
function maximise(f, start) {
  let best = { at: start, value: f(...start) };
  for (let step = 1; step > 1e-6; ) {
    const around = start.flatMap((_, i) => [step, -step].map(by => best.at.with(i, best.at[i] + by)));
    const next = around.map(at => ({ at, value: f(...at) })).sort((a, b) => b.value - a.value)[0];
    if (next.value > best.value) best = next;
    else step /= 2;
  }
  return best;
}

const fit = maximise((logA, logSigma) => logLikelihood(logA, Math.exp(logSigma)), [0, -1]);
const [parameters, count] = [2, rows.length];
const aicc = 2 * parameters - 2 * fit.value + (2 * parameters * (parameters + 1)) / (count - parameters - 1);
const all = [
  { name: `${Math.exp(fit.at[0]).toPrecision(3)} (ln n)^2`, aicc },
  ...primary.laws.filter(law => law.weight !== null),
].sort((a, b) => a.aicc - b.aicc);
for (const law of all) console.log(`${law.aicc.toFixed(1).padStart(7)}  ${law.name}`);
