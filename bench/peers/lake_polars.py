"""Polars: a lazy scan under its SQL, as it comes."""
import polars

import lake_peer


def prepare(ask: dict):
    options = {"aws_endpoint_url": ask["endpoint"], "aws_allow_http": "true", "aws_region": lake_peer.REGION,
               "aws_access_key_id": lake_peer.KEY, "aws_secret_access_key": lake_peer.SECRET}

    def answer():
        table = polars.scan_parquet(lake_peer.url(ask), storage_options=options)
        return polars.SQLContext(t=table).execute(ask["sql"].format(t="t")).collect().to_arrow()
    return answer


lake_peer.measure(prepare)
