/** Information criteria (AICc, BIC, Akaike weights) and Holm's correction for multiple tests. */

/** Null if `observations` <= `parameters` + 1: the correction is then undefined. */
export function aicc(logLikelihood: number, parameters: number, observations: number): number | null {
  const spare = observations - parameters - 1;
  if (spare <= 0) return null;
  return -2 * logLikelihood + 2 * parameters + (2 * parameters * (parameters + 1)) / spare;
}

export const bic = (logLikelihood: number, parameters: number, observations: number): number =>
  -2 * logLikelihood + parameters * Math.log(observations);

/** Akaike weights: e^(-difference / 2), normalised. Null entries stay null. */
export function akaikeWeights(criteria: readonly (number | null)[]): (number | null)[] {
  const present = criteria.filter(value => value !== null);
  const lowest = Math.min(...present);
  const raw = criteria.map(value => (value === null ? null : Math.exp(-(value - lowest) / 2)));
  const total = raw.reduce<number>((sum, value) => sum + (value ?? 0), 0);
  return raw.map(value => (value === null ? null : value / total));
}

/** Holm's step-down adjusted p values, in the given order. Null entries stay null. */
export function holm(p: readonly (number | null)[]): (number | null)[] {
  const order = p
    .map((value, i) => ({ value, i }))
    .filter((one): one is { value: number; i: number } => one.value !== null)
    .sort((a, b) => a.value - b.value || a.i - b.i);
  const adjusted: (number | null)[] = p.map(() => null);
  let largest = 0;
  order.forEach(({ value, i }, rank) => {
    largest = Math.max(largest, Math.min(1, (order.length - rank) * value));
    adjusted[i] = largest;
  });
  return adjusted;
}
