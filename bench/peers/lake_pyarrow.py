"""PyArrow's dataset, aggregates by Acero in a stream: no SQL, so each shape is written out."""
import pyarrow.acero as acero
import pyarrow.compute as pc
import pyarrow.dataset
import pyarrow.fs

import lake_peer


def prepare(ask: dict):
    store = pyarrow.fs.S3FileSystem(access_key=lake_peer.KEY, secret_key=lake_peer.SECRET, region=lake_peer.REGION,
                                    endpoint_override=ask["endpoint"], scheme="http")

    def answer():
        # It takes a folder or an object; a folder of ours holds nothing but what its glob finds.
        path = f"{ask['bucket']}/{ask['objects'].removesuffix('/*.parquet')}"
        return SHAPES[ask["shape"][0]](pyarrow.dataset.dataset(path, filesystem=store, format="parquet"), ask)
    return answer


def by_station(table: pyarrow.dataset.Dataset, _: dict):
    return _aggregate(table, {"station": pc.field("station"), "value": pc.field("value")},
                      [("value", "hash_mean", "mean"), ("value", "hash_count", "n")], ["station"])


def every_column(table: pyarrow.dataset.Dataset, _: dict):
    columns = {name: pc.field(name) for name in table.schema.names}
    columns |= {"reference": pc.utf8_length(pc.field("reference")), "region": pc.utf8_length(pc.field("region")),
                "measured_at": pc.minute(pc.field("measured_at")), "valid": pc.field("valid").cast("int8")}
    mean = ("value", "temperature", "humidity", "longitude", "latitude")
    kinds = [(name, "mean" if name in mean else "sum") for name in columns]
    return _aggregate(table, columns, [("id", "count", "n"), *((name, kind, name) for name, kind in kinds)], [])


def filtered(table: pyarrow.dataset.Dataset, ask: dict):
    column, value = ask["where"]
    return table.to_table(filter=pc.field(column) == value)


def sums(table: pyarrow.dataset.Dataset, ask: dict):
    return _aggregate(table, {name: pc.field(name) for name in ask["columns"]},
                      [(name, "sum", f"{name}_sum") for name in ask["columns"]], [])


def first_rows(table: pyarrow.dataset.Dataset, ask: dict):
    return table.head(ask["limit"])


def _aggregate(table: pyarrow.dataset.Dataset, columns: dict, aggregates: list, keys: list):
    return acero.Declaration.from_sequence([
        acero.Declaration("scan", acero.ScanNodeOptions(table, columns=columns)),
        acero.Declaration("project", acero.ProjectNodeOptions(list(columns.values()), list(columns))),
        acero.Declaration("aggregate", acero.AggregateNodeOptions(
            [(column, kind, None, name) for column, kind, name in aggregates], keys=keys)),
    ]).to_table()


SHAPES = {"A": by_station, "B": every_column, "C": filtered, "D": filtered, "E": by_station, "F": sums,
          "G": first_rows}

lake_peer.measure(prepare)
