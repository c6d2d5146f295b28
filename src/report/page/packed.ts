/** The specifications of the interactive figures, in the form that the report embeds. */
import type { Spec } from 'vega';

export interface LiveFigure {
  readonly name: string;
  readonly narrow: Spec;
  readonly wide: Spec;
}

/** Input of the report's script. `rows` holds each list of rows once; `values` in a specification is its index. */
export interface Packed {
  readonly rows: readonly unknown[];
  readonly figures: readonly LiveFigure[];
}

export function packSpecs(live: readonly LiveFigure[]): Packed {
  const places = new Map<string, number>();
  const pack = (spec: Spec): Spec => ({
    ...spec,
    data: (spec.data ?? []).map(data => {
      if (!('values' in data) || !Array.isArray(data.values)) return data;
      const text = JSON.stringify(data.values);
      const place = places.get(text) ?? places.size;
      places.set(text, place);
      return { ...data, values: place };
    }) as NonNullable<Spec['data']>,
  });
  const figures = live.map(({ name, narrow, wide }) => ({ name, narrow: pack(narrow), wide: pack(wide) }));
  return { rows: [...places.keys()].map(text => JSON.parse(text)), figures };
}
