/** Suggestions for misspelled words. */
import { distance } from 'fastest-levenshtein';

const normalise = (word: string): string => word.toLowerCase().replace(/[_\-\s]/g, '');

/** The candidate nearest to a misspelled word, or null if none is near. Ignores case, spaces, `_` and `-`. */
export function nearestWord(word: string, candidates: Iterable<string>): string | null {
  const { length } = normalise(word);
  const limit = Math.min(length - 1, Math.max(2, Math.floor(length / 3)));
  let best: string | null = null;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    const d = distance(normalise(word), normalise(candidate));
    if (d < bestDistance) {
      bestDistance = d;
      best = candidate;
    }
  }
  return best;
}

/** ` (did you mean x?)`, or an empty string if no candidate is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = nearestWord(word, candidates);
  return near === null ? '' : ` (did you mean ${near}?)`;
}
