/**
 * Reads from a specification which legend entries can be shown alone. The report has buttons for them, since the
 * keyboard cannot reach a legend.
 */

export interface Toggle {
  /** Name of the selection. Vega stores its rows in the data set `<param>_store`. */
  readonly param: string;
  readonly field: string;
  readonly values: readonly (string | number)[];
}

export function togglesOf(spec: unknown): Toggle[] {
  const bound: { param: string; field: string }[] = [];
  const domains = new Map<string, readonly (string | number)[]>();
  walk(spec, node => {
    if (node.bind === 'legend') {
      const { fields } = node.select as { fields: readonly string[] };
      bound.push({ param: String(node.name), field: fields[0]! });
    }
    const domain = (node.scale as { domain?: unknown } | undefined)?.domain;
    if (typeof node.field === 'string' && Array.isArray(domain) && node.type !== 'quantitative')
      domains.set(node.field, domain);
  });
  return bound.flatMap(({ param, field }) => {
    const values = domains.get(field);
    return values && values.length > 1 ? [{ param, field, values }] : [];
  });
}

function walk(value: unknown, visit: (node: Readonly<Record<string, unknown>>) => void): void {
  if (value === null || typeof value !== 'object') return;
  if (!Array.isArray(value)) visit(value as Record<string, unknown>);
  for (const [key, inner] of Object.entries(value)) if (key !== 'values') walk(inner, visit);
}
