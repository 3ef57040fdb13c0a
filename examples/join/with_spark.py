"""Join the files of a segment's column groups by row, with Spark 3.5 or later.

python3 examples/join/with_spark.py segment/0 segment/102
"""

import struct
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col

scalars, vectors = sys.argv[1:]

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()


def with_row(path):
    """The rows of a file with their positions in it, from 0, also where a task reads a part of it."""
    return spark.read.parquet(path).withColumn("row", col("_metadata.row_index"))


rows = (
    with_row(scalars)
    .where(col("word").isin("river", "king", "seven"))
    .join(with_row(vectors), "row")
    .select("id", "word", "embedding")
    .orderBy("id")
)
for id, word, embedding in rows.collect():
    vector = struct.unpack(f"<{len(embedding) // 4}f", embedding)
    print(id, word, len(vector), f"{sum(vector):.4f}")
spark.stop()
