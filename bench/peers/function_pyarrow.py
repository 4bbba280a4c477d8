"""The usual function without DuckDB: PyArrow's dataset on its S3 client, batch after batch as CSV."""
import io
import os

import pyarrow
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.dataset
import pyarrow.fs

import function_loop

store = pyarrow.fs.S3FileSystem(access_key=os.environ["AWS_ACCESS_KEY_ID"], scheme="http",
                                secret_key=os.environ["AWS_SECRET_ACCESS_KEY"], region=os.environ["AWS_REGION"],
                                endpoint_override=function_loop.endpoint())


def answer(event):
    condition = pc.scalar(True)
    for name, value in function_loop.asked(event).items():
        column, _, operator = name.partition("__")
        field, value = pc.field(column), int(value)
        condition &= field >= value if operator == "gte" else field <= value if operator == "lte" else field == value
    table = pyarrow.dataset.dataset("lake/large/large.parquet", filesystem=store, format="parquet")
    header = True
    for batch in table.to_batches(filter=condition):
        if len(batch):
            text = io.BytesIO()
            pyarrow.csv.write_csv(batch, text, pyarrow.csv.WriteOptions(include_header=header))
            header = False
            yield text.getvalue()


function_loop.run(answer)
