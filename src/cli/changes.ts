/** Says in one sentence what an edited sweep changes. */

import { shellWord } from '../base/shell-word.js';
import { counted } from '../base/units.js';
import { settingValueText } from '../domain/setting-value.js';
import type { SettingChange } from '../store/read/setting-changes.js';
import type { SweepChanges } from '../store/read/sweep-changes.js';

/** Settings that are named; further ones are counted. */
const MAX_SETTINGS = 4;
/** Values that are listed; more are counted. */
const MAX_VALUES = 5;
const MAX_CHARACTERS = 40;

/** E.g. `without seed 3, 4: 0 cells new, 32 kept; out of results: 64 finished cells (they stay in the file; ...)`. */
export function describeChanges(
  { cells, furtherSets, newlyCertified, settings }: SweepChanges,
  db: string,
): string {
  const held = cells.newHeld > 0 ? ` (${cells.newHeld} of them finished already)` : '';
  const parts = [`${counted(cells.new, 'cell')} new${held}, ${cells.kept} kept`];
  if (cells.measuredAgain > 0) {
    const sets = Object.entries(furtherSets).filter(([, names]) => names.length > 0);
    const added = sets.map(([network, names]) => `${network}: ${names.join(', ')}`);
    const text = [...added, ...(newlyCertified ? ['certified_loss'] : [])].join('; ');
    const again = counted(cells.measuredAgain, 'finished cell');
    parts.push(
      `to be measured ${added.length > 0 ? 'on more sets' : 'again'} (${text}), until then out of results: ${again}`,
    );
  }
  if (cells.droppedFinished > 0) {
    parts.push(
      `out of results: ${counted(cells.droppedFinished, 'finished cell')} (they stay in the file; ` +
        `\`espalier forget ${shellWord(db)} --unused\` deletes what no sweep asks for)`,
    );
  }
  const unfinished = cells.dropped - cells.droppedFinished;
  if (unfinished > 0) parts.push(`no longer asked for: ${counted(unfinished, 'unfinished cell')}`);
  const what = settingsText(settings);
  return `${what}${what && ': '}${parts.join('; ')}`;
}

function settingsText(settings: readonly SettingChange[]): string {
  const shown = settings.slice(0, MAX_SETTINGS).map(settingText);
  const more = settings.length - shown.length;
  return [...shown, ...(more > 0 ? [counted(more, 'further setting')] : [])].join(', ');
}

function settingText({ path, removed, added }: SettingChange): string {
  if (removed.length === 0) return `with ${path} ${valuesText(added)}`;
  if (added.length === 0) return `without ${path} ${valuesText(removed)}`;
  return `${path} ${valuesText(removed)} -> ${valuesText(added)}`;
}

function valuesText(values: readonly unknown[]): string {
  if (values.length > MAX_VALUES) return `(${values.length} values)`;
  return values.map(valueText).join(', ');
}

/** Control characters, which a path or a label may hold, do not reach the terminal. */
function valueText(value: unknown): string {
  const text = settingValueText(value).replace(/\p{Cc}/gu, ' ');
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS - 1)}…` : text;
}
