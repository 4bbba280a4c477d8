"""What the floor fetches: the ranges that a shape cannot do without, from the footers of the local copies.

Two floors, of the same program. "floor": the needed ranges alone, known beforehand, all at once. "floor, step by step":
the same after what tells a reader which they are, each step after the one before: the listing, the footers, the
bloom filters. Neighbours within a row group are one range, which is split at 8 MiB; an object below 1 MiB is fetched
whole, because a second request costs more (30 ms at 50 MiB/s are 1.5 MiB).
"""
import dataclasses
import functools
import pathlib
import struct

import duckdb
import pyarrow.parquet

from reading.lake import Lake
from reading.shapes import Shape

SPLIT_BYTES = 8 << 20
WHOLE_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True)
class Range:
    key: str
    offset: int
    length: int


@functools.lru_cache
def at_once(lake: Lake, shape: Shape) -> str:
    """The input of eider_floor for the needed ranges alone."""
    footers, _, needed = _ranges(lake, shape)
    return "\n".join(map(_get, needed or footers))


@functools.lru_cache
def step_by_step(lake: Lake, shape: Shape) -> str:
    steps = [list(map(_get, ranges)) for ranges in _ranges(lake, shape) if ranges]
    return "\nthen\n".join("\n".join(step) for step in [[f"list {shape.folder}/"], *steps])


@functools.lru_cache
def whole_objects(lake: Lake, shape: Shape) -> str:
    return "\n".join(_get(piece) for name, path in _objects(lake, shape)
                     for piece in _split([Range(f"{shape.folder}/{name}", 0, path.stat().st_size)]))


@functools.lru_cache
def _ranges(lake: Lake, shape: Shape) -> tuple[list[Range], list[Range], list[Range]]:
    """Footers (or whole small objects), bloom filters, column chunks."""
    footers, blooms, needed = [], [], []
    for name, path in _objects(lake, shape):
        size = path.stat().st_size
        key = f"{shape.folder}/{name}"
        if size < WHOLE_BYTES:
            footers.append(Range(key, 0, size))
            continue
        footers.append(_footer(path, key, size))
        found_blooms, found = _needed(path, key, shape)
        blooms += found_blooms
        needed += found
    return footers, blooms, needed


def _objects(lake: Lake, shape: Shape) -> list[tuple[str, pathlib.Path]]:
    """Names in the lake, and the local copies."""
    if shape.folder.startswith("series-"):  # the small objects round and round
        smalls = sorted((lake.objects / "small").iterdir())
        count = int(shape.folder.removeprefix("series-"))
        return [(f"part-{number:05}.parquet", smalls[number % len(smalls)]) for number in range(count)]
    return [(path.name, path) for path in sorted(lake.objects.glob(shape.objects))]


def _needed(path: pathlib.Path, key: str, shape: Shape) -> tuple[list[Range], list[Range]]:
    """Bloom filters that must be asked, and column chunks that must be read."""
    chunks = duckdb.execute("""
        SELECT row_group_id AS row_group, column_id, path_in_schema AS name, total_compressed_size AS length,
               least(data_page_offset, nullif(dictionary_page_offset, 0)) AS begin, bloom_filter_offset AS bloom,
               bloom_filter_length AS bloom_length, stats_min_value AS least_value, stats_max_value AS greatest_value
        FROM parquet_metadata(?) ORDER BY row_group_id, column_id""", [str(path)])
    names = [column[0] for column in chunks.description]
    rows = [dict(zip(names, row)) for row in chunks.fetchall()]
    blooms: list[Range] = []
    groups = {row["row_group"] for row in rows}
    if shape.where:
        column, value = shape.where
        candidates = [row for row in rows if row["name"] == column
                      and int(row["least_value"]) <= value <= int(row["greatest_value"])]
        if len(candidates) > 1:
            blooms = [Range(key, row["bloom"], row["bloom_length"]) for row in candidates if row["bloom"]]
        groups = {row["row_group"] for row in candidates} & _groups_with(path, column, value)
    elif shape.limit:
        groups = {0}
    needed: list[Range] = []
    for group in sorted(groups):
        wanted = [Range(key, row["begin"], row["length"]) for row in rows
                  if row["row_group"] == group and (not shape.columns or row["name"] in shape.columns)]
        needed += _split(_merged(wanted))
    return _split(_merged(blooms)), needed


def _groups_with(path: pathlib.Path, column: str, value: int) -> set[int]:
    file = pyarrow.parquet.ParquetFile(path)
    return {group for group in range(file.num_row_groups)
            if value in set(file.read_row_group(group, columns=[column])[column].to_pylist())}


def _footer(path: pathlib.Path, key: str, size: int) -> Range:
    with path.open("rb") as file:
        file.seek(size - 8)
        length = struct.unpack("<I", file.read(4))[0] + 8
    return Range(key, size - length, length)


def _merged(ranges: list[Range]) -> list[Range]:
    merged: list[Range] = []
    for part in sorted(ranges, key=lambda part: part.offset):
        if merged and merged[-1].offset + merged[-1].length == part.offset:
            merged[-1] = dataclasses.replace(merged[-1], length=merged[-1].length + part.length)
        else:
            merged.append(part)
    return merged


def _split(ranges: list[Range]) -> list[Range]:
    return [Range(part.key, offset, min(SPLIT_BYTES, part.offset + part.length - offset))
            for part in ranges for offset in range(part.offset, part.offset + part.length, SPLIT_BYTES)]


def _get(part: Range) -> str:
    return f"get {part.key} {part.offset} {part.length}"
