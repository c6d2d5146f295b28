// Reads a database by SQL, and says what its verdict is: node examples/read-a-database.mjs [DATABASE]
import { analyseSweep, openReader, querySql } from 'espalier';

const [db = 'results/small.sqlite'] = process.argv.slice(2);
const sql = `
  SELECT dataset_size, count(*) AS curves, min(upper) AS earliest, max(upper) AS latest
  FROM thresholds WHERE metric = 'subnet_train_loss' AND censoring = :censoring
  GROUP BY dataset_size ORDER BY dataset_size`;
for await (const { columns, rows } of querySql(db, sql, { params: { censoring: 'interval' } })) {
  console.log(columns.join('\t'));
  for (const row of rows) console.log(row.join('\t'));
}

const reader = openReader(db);
try {
  for (const sweep of reader.sweeps()) {
    const { report } = await analyseSweep(reader, sweep);
    for (const { metric, target, verdict } of report.groups)
      console.log(`${sweep.name}, ${metric} ${target}: ${verdict.label}`);
  }
} finally {
  reader.close();
}
