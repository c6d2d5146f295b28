/** How far the values that are not measured could change what is read off a curve. */
import { meets } from './crossing.js';
import { type Ending, endingOf } from './ending.js';
import { noiseDeviation } from './noise.js';
import { type SmoothCurve, smoothCurve } from './smooth-curve.js';

/** Two measured places with none between. */
export interface Gap {
  readonly from: number;
  readonly to: number;
}

/** How many standard deviations a sum of values that are not measured may lie from the line between their neighbours. */
const MARGIN = 3;
/** How far a curve may lie from the line inside of a gap, as a share of what its fit changes there. */
const BEND = 1 / 4;

/**
 * Values that are not measured are taken to lie on the line, over places, between their measured neighbours, give or take
 * noise: their own, and that of the neighbours.
 */
export class Outlook {
  private readonly deviation: (point: number) => number;
  private readonly sign: 1 | -1;

  constructor(private readonly curve: SmoothCurve) {
    this.deviation = noiseDeviation(curve);
    this.sign = curve.direction === 'down' ? 1 : -1;
  }

  /** The gap that ends at a point; null if there is none, or no such point. */
  gapBefore(point: number): Gap | null {
    const { place } = this.curve;
    if (point < 1 || point >= place.length) return null;
    const [from, to] = [place[point - 1]!, place[point]!];
    return to - from > 1 ? { from, to } : null;
  }

  /**
   * The nearest gaps, later and earlier, from which values could move the crossing of a level by the isotonic fit.
   *
   * Let y be value - level, positive where the level is not met. The fit crosses after the place at which the sum of y over
   * all places so far is largest (the dual of isotonic regression). It can move to a later place if the sum of y from here to
   * there can be positive, and to an earlier one if that can be negative.
   *
   * @param fitted the first point at which the fit meets the level; the number of points if none does.
   */
  gapsThatMove(level: number, fitted: number): Gap[] {
    const { raw, turnsBack, optimum } = this.curve;
    const last = raw.length - 1;
    const isMet = fitted <= last;
    if (!turnsBack) {
      const later = isMet ? this.nearest(level, fitted, last) : null;
      return [later, this.nearest(level, fitted - 1, 0)].filter(gap => gap !== null);
    }
    // The fit ends at the optimum, and meets a level only if that does.
    if (!isMet) return this.furthest({ from: 1, to: last }, level);
    const best = raw[optimum]!;
    const overtaking = this.furthest({ from: 1, to: fitted }, best);
    let end = last;
    while (end > optimum && !(this.gapBefore(end) && this.reach(end) <= this.sign * best)) end--;
    const moving = [this.nearest(level, fitted, end), this.nearest(level, fitted - 1, 0)];
    return [...overtaking, ...moving.filter(gap => gap !== null)];
  }

  /** The gaps that reach into (t_max / 2, t_max]. */
  gapsOfLastDoubling(): Gap[] {
    const { t } = this.curve;
    const gaps = Array.from(t, (time, point) => (2 * time > t.at(-1)! ? this.gapBefore(point) : null));
    return gaps.filter(gap => gap !== null);
  }

  /** The other gaps, the latest first. */
  gapsBeforeLastDoubling(): Gap[] {
    const { t } = this.curve;
    const gaps = Array.from(t, (time, point) => (2 * time > t.at(-1)! ? null : this.gapBefore(point)));
    return gaps.filter(gap => gap !== null).reverse();
  }

  /**
   * How the fit could end, with the last doubling of t measured: with the least and with the most gain in it, and with the
   * least gain before an end that stays.
   */
  endings(): Ending[] {
    const { t, fit, turnsBack } = this.curve;
    const { sign } = this;
    const ending = endingOf(this.curve);
    const end = t.length - 1;
    const after = t.findIndex(time => 2 * time > t[end]!);
    const noise = Math.max(this.deviation(after), this.deviation(end));
    const bend = this.gapBefore(after) ? BEND * Math.abs(fit[after]! - fit[after - 1]!) : 0;
    const [half, last] = [sign * ending.half, sign * ending.last];
    // A metric that turns back ends at its optimum, which may be better than the best value so far.
    let best = last - noise;
    if (turnsBack)
      for (let point = after; point <= end; point++)
        if (this.gapBefore(point)) best = Math.min(best, this.reach(point));
    const worst = turnsBack ? last : Math.min(half, last + noise);
    const least = half - bend - noise;
    return [
      { ...ending, half: sign * Math.max(worst, least), last: sign * worst },
      { ...ending, half: sign * (half + bend + noise), last: sign * best },
      { ...ending, half: sign * Math.max(last, least) },
    ];
  }

  /** How the fit would end with values in one gap that are all better, or all worse, than the line by what noise allows. */
  endingsWith({ from, to }: Gap): Ending[] {
    const { t, raw, sequence, place } = this.curve;
    const point = place.indexOf(to);
    const count = to - from - 1;
    const shift = this.spread(point, count) / count;
    const between = Array.from({ length: count }, (_, i) => sequence[from + 1 + i]!);
    const slope = (raw[point]! - raw[point - 1]!) / (count + 1);
    return [-shift, shift].map(by => {
      const values = between.map((_, i) => raw[point - 1]! + (i + 1) * slope + by);
      return endingOf(
        smoothCurve(
          [...t.subarray(0, point), ...between, ...t.subarray(point)],
          [...raw.subarray(0, point), ...values, ...raw.subarray(point)],
          this.curve,
          sequence,
        ),
      );
    });
  }

  /**
   * The nearest gap on the way from a point to another, if with values that are not measured the sum of y from here to
   * somewhere on the way can be positive (towards later points) or negative (towards earlier ones). Null if it cannot.
   */
  private nearest(level: number, start: number, stop: number): Gap | null {
    if (start < 0) return null;
    const { raw, direction } = this.curve;
    const step = start <= stop ? 1 : -1;
    const y = (point: number): number => {
      const value = step * this.sign * (raw[point]! - level);
      return meets(raw[point]!, level, direction) ? step * Math.min(0, step * value) : value;
    };
    let first: Gap | null = null;
    let sum = y(start);
    for (let point = start; point !== stop; point += step) {
      const end = Math.max(point, point + step);
      const gap = this.gapBefore(end);
      if (gap) {
        first ??= gap;
        const length = gap.to - gap.from - 1;
        const slope = (y(point + step) - y(point)) / (length + 1);
        for (let count = 1; count <= length; count++) {
          const line = count * y(point) + (slope * count * (count + 1)) / 2;
          if (sum + line + this.spread(end, count) > 0) return first;
        }
        sum += length * y(point) + (slope * length * (length + 1)) / 2 + this.spread(end, length);
      }
      sum += y(point + step);
      if (first && sum > 0) return first;
    }
    return null;
  }

  /** Of the gaps that end at these points, that which reaches furthest, if to a value at least as good. */
  private furthest(points: { readonly from: number; readonly to: number }, value: number): Gap[] {
    let found: Gap | null = null;
    let bound = this.sign * value;
    for (let point = points.from; point <= points.to; point++) {
      const gap = this.gapBefore(point);
      if (!gap || this.reach(point) > bound) continue;
      [found, bound] = [gap, this.reach(point)];
    }
    return found ? [found] : [];
  }

  /** The best value, times the sign, that the gap before a point could hold. */
  private reach(point: number): number {
    const { raw } = this.curve;
    return Math.min(this.sign * raw[point - 1]!, this.sign * raw[point]!) - this.spread(point, 1);
  }

  /**
   * How far the sum of the `count` values next to an end of the gap before a point may lie from the line: by their own noise,
   * and by that of the two ends of the line, as far as each of them has a part in the sum.
   */
  private spread(point: number, count: number): number {
    const { place } = this.curve;
    const deviation = Math.max(this.deviation(point - 1), this.deviation(point));
    const far = (count + 1) / (2 * (place[point]! - place[point - 1]!));
    return MARGIN * deviation * Math.sqrt(count + count ** 2 * (far ** 2 + (1 - far) ** 2));
  }
}
