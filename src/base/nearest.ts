/** Suggestions for misspelled words. */
import { distance } from 'fastest-levenshtein';

const plain = (word: string): string => word.toLowerCase().replace(/[_\-\s]/g, '');

/** The known word that is meant by a misspelled one; null where none is near. Case, `_` and `-` do not count. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const { length } = plain(word);
  const limit = Math.min(length - 1, Math.max(2, Math.floor(length / 3)));
  let best: string | null = null;
  let least = limit + 1;
  for (const candidate of known) {
    const d = distance(plain(word), plain(candidate));
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

/** ` (did you mean x?)`, or nothing where none is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const near = nearest(word, known);
  return near === null ? '' : ` (did you mean ${near}?)`;
}
