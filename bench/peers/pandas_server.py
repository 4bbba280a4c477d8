"""The PyArrow and pandas way: the whole object in memory, batches turned into frames, filtered there, then to_csv."""
import io
import pathlib
from collections.abc import Iterator

import pyarrow.parquet

import csv_server


def csv_pieces(path: pathlib.Path, where: dict[str, str]) -> Iterator[str]:
    source = pyarrow.parquet.ParquetFile(io.BytesIO(path.read_bytes()))
    header = True
    for batch in source.iter_batches(batch_size=csv_server.BATCH_ROWS):
        frame = batch.to_pandas()
        for column, value in where.items():
            frame = frame[frame[column] == frame[column].dtype.type(value)]
        if header or len(frame):
            yield frame.to_csv(index=False, header=header)
            header = False


if __name__ == "__main__":
    csv_server.serve(csv_pieces)
