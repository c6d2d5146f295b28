/** The commented sweep file that `espalier init` writes, generated from the definition of the settings. */
import { shellWord } from '../../base/shell-word.js';
import { describeGroups, describeTop, type GroupText, type SettingText } from './describe.js';
import { toInlineYaml } from './reference.js';

/** Values for settings without a default, or with one that does not suit a first sweep. */
const EXAMPLES: Readonly<Record<string, string>> = {
  'dataset.name': 'digits',
  'dataset.pool': '16000',
  'dataset.test': '4000',
  'axes.datasetSize': '[500, 1000, 2000, 4000]',
  'axes.width': '[500]',
  'axes.seed': '{ count: 3 }',
  'axes.pretrainIterations': '{ from: 5, to: 1000, ratio: 1.2 }',
  'axes.subnetSize': '[50, 100]',
};

/** Settings written as comments, for other data sets or for later. */
const COMMENTED: Readonly<Record<string, string>> = {
  'dataset.dir': 'path/to/idx/files',
  'axes.zip': '[{ train.learningRate: [0.05, 0.1], train.batchSize: [64, 128] }]',
};
/** The top-level setting that is written as a comment. */
const DESCRIPTION = '# description: How the threshold grows with n.';
const SETTING_AXIS = [
  '  # Any setting below, and of the data set, may be an axis by its path, for instance:',
  '  # train.learningRate: [0.05, 0.1]',
];

const THRESHOLDS = [
  '{ metric: subnet_train_loss, atMost: 0.15 }',
  '{ metric: subnet_train_loss, atMost: 0.10 }',
  '{ metric: dense_train_loss, atMost: 0.15 } # the dense network itself, for comparison',
  '{ metric: subnet_train_accuracy, atLeast: 0.95 }',
];

/**
 * @param name the sweep's name.
 * @param file the sweep file's path, as the user writes it.
 * @param schema the path of the JSON schema relative to the file; editors use it to complete and check the file.
 */
export function sweepTemplate(name: string, file: string, schema: string): string {
  const [title, about] = describeTop();
  const word = shellWord(file);
  return [
    `# yaml-language-server: $schema=${schema}`,
    '#',
    `# A sweep for espalier. What it costs: espalier plan ${word}. To run it: espalier run ${word}`,
    '# A run that was stopped, or whose grid was widened, computes only what is missing.',
    '',
    ...comment(title!.description, ''),
    `name: ${name}`,
    ...comment(about!.description, ''),
    DESCRIPTION,
    ...describeGroups().flatMap(group => ['', ...groupLines(group)]),
    '',
  ].join('\n');
}

function groupLines({ key, description, settings }: GroupText): string[] {
  const head = [...comment(description, ''), `${key}:`];
  if (key === 'thresholds') {
    const kinds = settings.flatMap(setting => comment(`${setting.key}: ${setting.description}`, '  '));
    return [...head, ...kinds, ...THRESHOLDS.map(entry => `  - ${entry}`)];
  }
  const lines = settings.flatMap(setting => settingLines(key, setting));
  return [...head, ...lines, ...(key === 'axes' ? SETTING_AXIS : [])];
}

function settingLines(group: string, { key, description, expected, fallback, unit }: SettingText): string[] {
  const path = `${group}.${key}`;
  const value =
    EXAMPLES[path] ??
    (Object.hasOwn(COMMENTED, path) || group === 'axes' ? undefined : toInlineYaml(fallback));
  const commentedValue = COMMENTED[path];
  if (value === undefined && commentedValue === undefined) return [];
  const what = `${description} ${expected[0]!.toUpperCase()}${expected.slice(1)}${unit ? ` (${unit})` : ''}.`;
  return [
    ...comment(what, '  '),
    value === undefined ? `  # ${key}: ${commentedValue}` : `  ${key}: ${value}`,
  ];
}

const WIDTH = 100;

function comment(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = `${indent}#`;
  for (const word of text.split(/\s+/)) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${indent}#`;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
