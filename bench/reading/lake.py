"""The lake that the bench reads: objects of a fixed seed, put into MinIO's folder in $EIDER_CACHE/bench-data by S3 PUTs.

The local copies stay beside it: the true answers and the floor's ranges come from them. A lake is whole once it has
its `.complete`; delete the folder to have it made anew.
"""
import concurrent.futures
import dataclasses
import hashlib
import pathlib
import shutil

import numpy
import pyarrow
import pyarrow.fs
import pyarrow.parquet

from downloading import data as downloads
from reading import chain

SEED = 20260728
LAYOUT = 1  # goes up whenever the same seed would give other files
UPLOADS = 8  # at once
REGIONS = [f"region {number:02}" for number in range(12)]


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Full: 20 objects of 17 MB; 2,000 objects of 100 to 500 KB; 500 columns x 200 row groups in 210 MB."""
    objects: int = 20
    rows: int = 210_500  # of each of these
    group_rows: int = 42_100
    small_objects: int = 2_000
    series: tuple[int, ...] = (10, 100, 1_000, 10_000)  # numbers of objects, for the shape of the cost
    wide_columns: int = 500
    wide_groups: int = 200
    wide_rows: int = 250  # of a group: column chunks of 2 KB
    looked_up_groups: int = 20
    looked_up_rows: int = 50_000  # of a group


QUICK = Sizes(objects=3, rows=20_000, group_rows=4_000, small_objects=40, series=(5, 10, 20), wide_columns=50,
              wide_groups=10, looked_up_groups=5, looked_up_rows=5_000)


@dataclasses.dataclass(frozen=True)
class Lake:
    folder: pathlib.Path
    sizes: Sizes

    @property
    def minio(self) -> pathlib.Path:
        return self.folder / "minio"

    @property
    def objects(self) -> pathlib.Path:
        return self.folder / "objects"

    def looked_up_id(self) -> int:
        """The id that D looks for, from the middle of its object."""
        return int(looked_up_ids(self.sizes, self.sizes.looked_up_groups // 2)[self.sizes.looked_up_rows // 2])


def make(cache: pathlib.Path, vega: pathlib.Path, quick: bool) -> Lake:
    lake = Lake(cache / "bench-data" / f"lake-{LAYOUT}-{'quick' if quick else 'full'}", QUICK if quick else Sizes())
    if (lake.folder / ".complete").exists():
        return lake
    shutil.rmtree(lake.folder, ignore_errors=True)
    write_objects(lake, downloads.make(cache, vega, quick).path("large"))
    lake.minio.mkdir()
    with chain.running(lake.minio, []) as running:
        put_all(lake, running.store)
    (lake.folder / ".complete").touch()
    return lake


def write_objects(lake: Lake, large: pathlib.Path) -> None:
    sizes = lake.sizes
    for name in ("measurements", "small", "wide", "ids", "large"):
        (lake.objects / name).mkdir(parents=True)
    for number in range(sizes.objects):
        _write(lake.objects / "measurements" / f"part-{number:02}.parquet",
               (measurements(number, number * sizes.rows + first, sizes.group_rows)
                for first in range(0, sizes.rows, sizes.group_rows)),
               use_dictionary=["station", "region", "quality"])
    for number in range(sizes.small_objects):
        _write(lake.objects / "small" / f"part-{number:05}.parquet", [small(number)], use_dictionary=["station"])
    _write(lake.objects / "wide" / "wide.parquet", (wide(sizes, number) for number in range(sizes.wide_groups)),
           use_dictionary=False)
    _write(lake.objects / "ids" / "ids.parquet", (ids(sizes, number) for number in range(sizes.looked_up_groups)),
           use_dictionary=False, bloom_filter_options={"id": {"ndv": sizes.looked_up_rows, "fpp": 0.0001}})
    shutil.copy(large, lake.objects / "large" / "large.parquet")


def put_all(lake: Lake, endpoint: str) -> None:
    """Every object once; the small ones again for each number of them that is measured, round and round."""
    store = pyarrow.fs.S3FileSystem(access_key=chain.ACCESS_KEY, secret_key=chain.SECRET_KEY, region=chain.REGION,
                                    endpoint_override=endpoint, allow_bucket_creation=True, background_writes=False)
    store.create_dir(chain.BUCKET)
    paths = sorted(lake.objects.glob("*/*.parquet"))
    wanted = [(path, f"{path.parent.name}/{path.name}") for path in paths]
    smalls = [path for path in paths if path.parent.name == "small"]
    for count in lake.sizes.series:
        wanted += [(smalls[number % len(smalls)], f"series-{count}/part-{number:05}.parquet")
                   for number in range(count)]

    def put(path: pathlib.Path, key: str) -> None:
        with path.open("rb") as source, store.open_output_stream(f"{chain.BUCKET}/{key}") as target:
            shutil.copyfileobj(source, target, 8 << 20)

    with concurrent.futures.ThreadPoolExecutor(UPLOADS) as threads:
        for done in [threads.submit(put, *pair) for pair in wanted]:
            done.result()


def _write(path: pathlib.Path, groups, **options) -> None:
    writer = None
    for group in groups:
        writer = writer or pyarrow.parquet.ParquetWriter(path, group.schema, compression="snappy", **options)
        writer.write_table(group, row_group_size=len(group))
    writer.close()


# --- rows ---

def measurements(number: int, first: int, rows: int) -> pyarrow.Table:
    """Twelve columns, 84 bytes of a row in Parquet."""
    random = numpy.random.default_rng([SEED, number, first])
    keys = numpy.arange(first, first + rows, dtype=numpy.int64)
    return pyarrow.table({
        "id": keys * 1_000_003 % 2_147_483_647,
        "station": random.integers(0, 100, rows).astype(numpy.int32),
        "reference": [hashlib.md5(b"%d %d" % (SEED, key), usedforsecurity=False).hexdigest() for key in keys],
        "measured_at": _times(random, rows),
        "value": random.gamma(2.0, 10.0, rows),
        "temperature": random.normal(10, 6, rows).astype(numpy.float32),
        "humidity": random.uniform(30, 100, rows).astype(numpy.float32),
        "longitude": random.uniform(-6.4, 1.8, rows),
        "latitude": random.uniform(49.9, 55.8, rows),
        "region": pyarrow.array(REGIONS).take(pyarrow.array(random.integers(0, len(REGIONS), rows))),
        "quality": random.integers(0, 5, rows).astype(numpy.int16),
        "valid": random.random(rows) < 0.9,
    })


def small(number: int) -> pyarrow.Table:
    """4,000 to 20,000 rows of 25 bytes: an object of 100 to 500 KB in one row group."""
    random = numpy.random.default_rng([SEED, 1, number])
    rows = int(random.integers(4_000, 20_000))
    return pyarrow.table({"station": random.integers(0, 100, rows).astype(numpy.int32),
                          "measured_at": _times(random, rows),
                          "value": random.gamma(2.0, 10.0, rows),
                          "temperature": random.normal(10, 6, rows)})


def wide(sizes: Sizes, number: int) -> pyarrow.Table:
    random = numpy.random.default_rng([SEED, 2, number])
    return pyarrow.table({f"c{column:03}": random.uniform(0, 1000, sizes.wide_rows)
                          for column in range(sizes.wide_columns)})


def looked_up_ids(sizes: Sizes, number: int) -> numpy.ndarray:
    return numpy.random.default_rng([SEED, 3, number]).integers(1, 1 << 60, sizes.looked_up_rows)


def ids(sizes: Sizes, number: int) -> pyarrow.Table:
    """Ids at random, so that every row group's least and greatest embrace nearly all; bloom filters tell them apart."""
    keys = looked_up_ids(sizes, number)
    random = numpy.random.default_rng([SEED, 4, number])
    return pyarrow.table({"id": keys, "name": [hashlib.md5(b"%d" % key, usedforsecurity=False).hexdigest()
                                               for key in keys],
                          "value": random.uniform(0, 1, len(keys)), "measured_at": _times(random, len(keys))})


def _times(random: numpy.random.Generator, rows: int) -> pyarrow.Array:
    seconds = random.integers(1_262_304_000, 1_767_225_600, rows)  # 2010 to 2025
    return pyarrow.array(seconds * 1_000_000, pyarrow.timestamp("us"))
