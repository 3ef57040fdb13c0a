"""Join the files of a segment's column groups by row, with Polars.

python3 examples/join/with_polars.py segment/0 segment/102
"""

import struct
import sys

import polars as pl

scalars, vectors = sys.argv[1:]

# The row index counts the rows of a file from 0. It goes before any filter: a filter that comes
# first would number what is left.
rows = (
    pl.scan_parquet(scalars, row_index_name="row")
    .filter(pl.col("word").is_in(["river", "king", "seven"]))
    .join(pl.scan_parquet(vectors, row_index_name="row"), on="row")
    .select("id", "word", "embedding")
    .sort("id")
    .collect()
)
for id, word, embedding in rows.iter_rows():
    vector = struct.unpack(f"<{len(embedding) // 4}f", embedding)
    print(id, word, len(vector), f"{sum(vector):.4f}")
