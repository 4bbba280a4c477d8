"""Catalogs that are files, each written by its own kind of program: SQLite, DuckLake, Iceberg and Delta tables."""
import json
import pathlib
import sqlite3

import duckdb
import pyarrow
import pyarrow.parquet
from pyiceberg.catalog.sql import SqlCatalog

from support.eider_server import extension_folder


def sqlite(path, rows=3):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE birds (id INTEGER, name TEXT)")
        database.executemany("INSERT INTO birds VALUES (?, ?)", [(i, f"bird {i}") for i in range(rows)])
    database.close()


def duck_lake(metadata, data, *statements):
    """Runs the statements where the DuckLake is attached as `dl`."""
    with duckdb.connect() as connection:
        connection.load_extension(str(extension_folder() / "ducklake.duckdb_extension"))
        connection.execute(f"ATTACH 'ducklake:{metadata}' AS dl (DATA_PATH '{data}/')")
        for statement in statements:
            connection.execute(statement)


def iceberg(warehouse, name, *tables):
    """Appends each Arrow table to the Iceberg table `name`, as one commit each."""
    catalog = SqlCatalog("test", uri=f"sqlite:///{warehouse}.db", warehouse=f"file://{warehouse}")
    catalog.create_namespace_if_not_exists(name.split(".")[0])
    folder = f"file://{warehouse}/{name.replace('.', '/')}"
    made = catalog.create_table_if_not_exists(name, tables[0].schema, location=folder)
    for table in tables:
        made.append(table)
    return pathlib.Path(made.metadata_location.removeprefix("file://"))


def delta(folder, version, table, remove=()):
    """Commits the Arrow table as one file of the Delta table, and removes others; answers the file's name."""
    log = folder / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    name = f"part-{version:05}.parquet"
    pyarrow.parquet.write_table(table, folder / name)
    types = {"int64": "long", "string": "string"}
    fields = [{"name": field.name, "type": types[str(field.type)], "nullable": True, "metadata": {}} for field in table.schema]
    actions = [{"add": {"path": name, "partitionValues": {}, "size": (folder / name).stat().st_size,
                        "modificationTime": 1, "dataChange": True}}]
    actions += [{"remove": {"path": path, "deletionTimestamp": 1, "dataChange": True}} for path in remove]
    if version == 0:
        actions = [{"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
                   {"metaData": {"id": "8f1f4bd2-0a3b-4c62-9a0c-2f5d1c0e7a11", "format": {"provider": "parquet", "options": {}},
                                 "schemaString": json.dumps({"type": "struct", "fields": fields}),
                                 "partitionColumns": [], "configuration": {}, "createdTime": 1}}] + actions
    (log / f"{version:020}.json").write_text("".join(json.dumps(action) + "\n" for action in actions))
    return name
