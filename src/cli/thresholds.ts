import Table from 'cli-table3';
import { primaryTable, type TextTable, type ThresholdSummary, targetsTable } from '../threshold/summary.js';

/** Prints where curves first cross their targets: the primary target in full, the others as medians. */
export function printThresholds(summaries: readonly ThresholdSummary[]): void {
  for (const summary of summaries) {
    const primary = primaryTable(summary);
    if (primary) printTable(primary);
    if (summary.targets.length > 1) printTable(targetsTable(summary));
  }
}

function printTable({ title, head, body }: TextTable): void {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
  });
  table.push(...body.map(row => [...row]));
  process.stdout.write(`\n${title}\n${table.toString()}\n`);
}
