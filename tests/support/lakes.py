"""Lakes to write into, in a folder and in a bucket of each S3 server, and what lies in them."""
import contextlib
import json
import subprocess

import duckdb

from support import s3_servers
from support.eider_server import binary, clean_environment, run

KINDS = ["local", "minio", "versitygw"]


class Lake:
    """What its kinds have: put(key, content), get(key), keys(), uploads() that are unfinished."""

    def __init__(self, root, **environment):
        self.root, self.environment = str(root), environment

    def run(self, verb, *arguments):
        return run(verb, "--lake", self.root, *arguments, **self.environment)

    def start(self, verb, *arguments):
        return subprocess.Popen([binary(), verb, "--lake", self.root, *arguments], text=True, stdout=subprocess.PIPE,
                                env=clean_environment(**self.environment), stderr=subprocess.PIPE)

    def rows(self, sql):
        done = self.run("query", sql, "--format", "ndjson")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def put_rows(self, key, sql, folder):
        path = folder / "rows.parquet"
        duckdb.sql(f"COPY ({sql}) TO '{path}' (FORMAT parquet)")
        self.put(key, path.read_bytes())


class FolderLake(Lake):
    def __init__(self, folder):
        super().__init__(folder)
        self._folder = folder

    def put(self, key, content):
        (self._folder / key).parent.mkdir(parents=True, exist_ok=True)
        (self._folder / key).write_bytes(content)

    def get(self, key):
        return (self._folder / key).read_bytes()

    def keys(self):
        return [key for key in self._files() if not key.startswith(".eider/")]

    def uploads(self):
        return self._files(".eider/uploads")

    def _files(self, below=""):
        return sorted(str(path.relative_to(self._folder)) for path in (self._folder / below).rglob("*") if path.is_file())


class BucketLake(Lake):
    """In a bucket of its own, which it makes."""

    def __init__(self, server, bucket):
        super().__init__(f"s3://{bucket}/lake", **server.environment())
        self._client, self._bucket = server.client(), bucket
        self._client.create_bucket(Bucket=bucket)

    def put(self, key, content):
        self._client.put_object(Bucket=self._bucket, Key=f"lake/{key}", Body=content)

    def get(self, key):
        return self._client.get_object(Bucket=self._bucket, Key=f"lake/{key}")["Body"].read()

    def keys(self):
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix="lake/")
        return [entry["Key"].removeprefix("lake/") for page in pages for entry in page.get("Contents", [])]

    def uploads(self):
        return self._client.list_multipart_uploads(Bucket=self._bucket).get("Uploads", [])


@contextlib.contextmanager
def places(kind, tmp_path_factory):
    """Answers a new, empty lake of this kind at each call."""
    if kind == "local":
        yield lambda: FolderLake(tmp_path_factory.mktemp("lake"))
        return
    with s3_servers.started(kind) as server:
        buckets = iter(range(1000))
        yield lambda: BucketLake(server, f"lake-{next(buckets)}")
