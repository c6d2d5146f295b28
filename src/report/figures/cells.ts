/** The cells of a map whose rows and columns are not evenly spaced. */

/** How far a cell reaches beneath the next one, in pixels: else hairlines of the background show between them. */
const OVERLAP = 0.6;

/**
 * On the axis' own scale a cell reaches half way to its neighbours; those at the ends as far out as in, or to `ends`.
 * Cells are drawn in ascending order, so that the later one covers the overlap.
 */
export function cellEdges(
  at: readonly number[],
  place: { to(value: number): number; from(place: number): number },
  pixels: number,
  ends?: readonly [number, number],
): { from(i: number): number; to(i: number): number } {
  const places = at.map(place.to);
  const last = places.length - 1;
  const middle = (i: number): number => (places[i]! + places[i + 1]!) / 2;
  const low = ends ? place.to(ends[0]) : 2 * places[0]! - middle(0);
  const high = ends ? place.to(ends[1]) : 2 * places[last]! - middle(last - 1);
  const overlap = (OVERLAP * (high - low)) / pixels;
  return {
    from: i => place.from(i === 0 ? low : middle(i - 1)),
    to: i => place.from(i === last ? high : middle(i) + overlap),
  };
}
