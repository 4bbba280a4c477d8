"""DuckDB with its httpfs extension, as it comes."""
import pathlib

import duckdb
import duckdb_extension_httpfs

import lake_peer


def prepare(ask: dict):
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    package = pathlib.Path(duckdb_extension_httpfs.__path__[0])
    connection.load_extension(str(next(package.glob("extensions/*/httpfs.duckdb_extension"))))
    connection.execute(f"""CREATE SECRET (TYPE s3, KEY_ID '{lake_peer.KEY}', SECRET '{lake_peer.SECRET}',
        REGION '{lake_peer.REGION}', ENDPOINT '{ask["endpoint"].removeprefix("http://")}', URL_STYLE 'path',
        USE_SSL false)""")
    statement = ask["sql"].format(t=f"read_parquet('{lake_peer.url(ask)}')")
    return lambda: connection.execute(statement).to_arrow_table()


lake_peer.measure(prepare)
