import { expect, test } from 'vitest';
import { bySettingValue, settingValueText } from '../../src/domain/setting-value.js';

test('values of settings are words, or JSON', () => {
  expect(['brier', 0.1, null, undefined, [5, 6]].map(settingValueText)).toEqual([
    'brier',
    '0.1',
    'null',
    'null',
    '[5,6]',
  ]);
});

test('they are ordered as numbers where both are numbers, otherwise as text', () => {
  expect(['10', '9', '1e-3'].sort(bySettingValue)).toEqual(['1e-3', '9', '10']);
  expect(['squared', 'null', 'brier'].sort(bySettingValue)).toEqual(['brier', 'null', 'squared']);
  expect(['null', '10'].sort(bySettingValue)).toEqual(['10', 'null']);
});
