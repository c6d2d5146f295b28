/** Values of settings as text. */

/** As people type it: words bare, everything else as JSON. */
export const settingValueText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null);

/** Orders such texts: as numbers where both are numbers, otherwise as text. */
export function bySettingValue(a: string, b: string): number {
  const difference = Number(a) - Number(b);
  return Number.isNaN(difference) ? (a < b ? -1 : 1) : difference;
}
