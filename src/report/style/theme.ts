/**
 * Colours of figures. `paper` has fixed colours, for files. `page` refers to the CSS custom properties that
 * `pageColours` defines for light and dark mode, so one drawing serves both.
 */
import { scheme } from 'vega';

/** `paper`: fixed colours. `page`: CSS variables of the report, in light and dark mode. */
export type ThemeName = 'paper' | 'page';

/** Colours of figures, as CSS has them. */
export interface Theme {
  readonly name: ThemeName;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly surface: string;
  /** Background of highlighted regions: margins, intervals. */
  readonly shade: string;
  /** For categories without an order (Okabe and Ito, safe for the colour-blind). */
  readonly kinds: readonly string[];
  /** Colours for `count` ordered steps, first to last. */
  ordered(count: number): string[];
  /** From low to high. The same in light and dark mode: readers compare it with its own legend. */
  readonly heat: readonly string[];
}

const ORDERED_STEPS = 16;
const COLOURS = {
  light: {
    ink: '#1b1f24',
    muted: '#57606a',
    grid: '#d8dee4',
    surface: '#ffffff',
    shade: '#8c959f',
    kinds: ['#0072b2', '#d55e00', '#009e73', '#b5548f', '#b07d00', '#4b4f55', '#56a8dc', '#7a5195'],
  },
  dark: {
    ink: '#e6edf3',
    muted: '#9da7b3',
    grid: '#30363d',
    surface: '#12161b',
    shade: '#7d8590',
    kinds: ['#56b4e9', '#f0844c', '#2fc79a', '#e59ac9', '#e6b93f', '#b8c0c8', '#8cc8f2', '#c0a0e0'],
  },
} as const;

/** The part of viridis that contrasts with the surface. */
const ORDERED_RANGE = { light: [0, 0.86], dark: [0.28, 1] } as const;

const viridis = scheme('viridis') as (at: number) => string;
const sampled = (count: number, [from, to]: readonly [number, number]): string[] =>
  Array.from({ length: count }, (_, i) => viridis(from + ((to - from) * i) / Math.max(1, count - 1)));

const heat = sampled(11, [0, 1]);

const paper: Theme = {
  name: 'paper',
  ...COLOURS.light,
  ordered: count => sampled(count, count === 1 ? [0.3, 0.3] : ORDERED_RANGE.light),
  heat,
};

const variable = (name: string): string => `var(--${name})`;
const page: Theme = {
  name: 'page',
  ink: variable('ink'),
  muted: variable('muted'),
  grid: variable('grid'),
  surface: variable('surface'),
  shade: variable('shade'),
  kinds: COLOURS.light.kinds.map((_, i) => variable(`kind-${i}`)),
  ordered: count =>
    Array.from({ length: count }, (_, i) =>
      variable(`ordered-${count === 1 ? 6 : Math.round((i * (ORDERED_STEPS - 1)) / (count - 1))}`),
    ),
  heat,
};

export const THEMES: Readonly<Record<ThemeName, Theme>> = { paper, page };

/** The CSS declarations of the theme `page`, for `:root`. */
export function pageColours(mode: 'light' | 'dark'): string {
  const { kinds, ...plain } = COLOURS[mode];
  const steps = sampled(ORDERED_STEPS, ORDERED_RANGE[mode]);
  return [
    ...Object.entries(plain).map(([name, colour]) => `--${name}:${colour}`),
    ...kinds.map((colour, i) => `--kind-${i}:${colour}`),
    ...steps.map((colour, i) => `--ordered-${i}:${colour}`),
  ].join(';');
}
