"""Reads a database with pandas: python examples/read_a_database.py [DATABASE]

Any client of SQLite reads it, also while a sweep runs. For DuckDB: espalier query DB --view results --output FILE.parquet
"""

import sqlite3
import sys
from contextlib import closing

import pandas as pd

path = sys.argv[1] if len(sys.argv) > 1 else "results/small.sqlite"
with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
    thresholds = pd.read_sql("SELECT * FROM thresholds", db)

# Where a crossing is censored, one end is missing: `upper` is the first checkpoint that meets the target.
crossed = thresholds[thresholds.censoring == "interval"]
print(crossed.groupby(["metric", "target", "dataset_size"]).upper.describe()[["count", "min", "50%", "max"]])
