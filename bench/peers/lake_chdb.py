"""ClickHouse in the process (chdb) with its table function s3, as it comes."""
import io

import chdb
import pyarrow

import lake_peer


def prepare(ask: dict):
    address = f"{ask['endpoint']}/{ask['bucket']}/{ask['objects']}"
    table = f"s3('{address}', '{lake_peer.KEY}', '{lake_peer.SECRET}', 'Parquet')"
    statement = ask["sql"].format(t=table)
    return lambda: pyarrow.ipc.open_file(io.BytesIO(chdb.query(statement, "Arrow").bytes())).read_all()


lake_peer.measure(prepare)
