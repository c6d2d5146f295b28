/** Cell edges of a heat map whose rows and columns are not evenly spaced. */

/** Pixels by which a cell extends under the next one; otherwise hairlines of the background show between them. */
const OVERLAP = 0.6;

/**
 * A cell extends halfway to its neighbours on the axis scale. The outer cells extend outwards as far as inwards, or
 * to `ends`. Cells are drawn in ascending order, so the later one covers the overlap.
 *
 * @param at the values at the cells' centres, at least two.
 * @param scale maps values to the axis scale and back.
 * @param pixels length of the axis.
 */
export function cellEdges(
  at: readonly number[],
  scale: { to(value: number): number; from(place: number): number },
  pixels: number,
  ends?: readonly [number, number],
): { from(i: number): number; to(i: number): number } {
  const places = at.map(scale.to);
  const last = places.length - 1;
  const middle = (i: number): number => (places[i]! + places[i + 1]!) / 2;
  const low = ends ? scale.to(ends[0]) : 2 * places[0]! - middle(0);
  const high = ends ? scale.to(ends[1]) : 2 * places[last]! - middle(last - 1);
  const overlap = (OVERLAP * (high - low)) / pixels;
  return {
    from: i => scale.from(i === 0 ? low : middle(i - 1)),
    to: i => scale.from(i === last ? high : middle(i) + overlap),
  };
}
