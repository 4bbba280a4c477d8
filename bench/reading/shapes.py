"""What is asked: the shapes A to G, each one statement over the objects of one folder of the lake."""
import dataclasses

from reading.lake import Lake


@dataclasses.dataclass(frozen=True)
class Shape:
    title: str
    objects: str  # a glob below the bucket
    sql: str  # {t} is the table, which each contender names in its own way
    columns: tuple[str, ...] = ()  # that must be read; none: all
    where: tuple[str, int] = ()  # a column that must equal a value
    limit: int = 0  # any rows of the table, so many

    @property
    def folder(self) -> str:
        return self.objects.split("/")[0]


EVERY_COLUMN = """SELECT count(*) AS n, sum(id) AS ids, sum(station) AS stations, sum(length(reference)) AS letters,
 sum(extract(minute FROM measured_at)) AS minutes, avg(value) AS value,
 avg(CAST(temperature AS DOUBLE)) AS temperature, avg(CAST(humidity AS DOUBLE)) AS humidity,
 avg(longitude) AS longitude, avg(latitude) AS latitude,
 sum(length(region)) AS region_letters, sum(quality) AS quality, sum(CASE WHEN valid THEN 1 ELSE 0 END) AS valid
 FROM {t}"""
BY_STATION = "SELECT station, avg(value) AS mean, count(*) AS n FROM {t} GROUP BY station"


def shapes(lake: Lake) -> dict[str, Shape]:
    sizes = lake.sizes
    wide = [f"c{sizes.wide_columns * percent // 100:03}" for percent in (2, 50, 98)]
    sums = ", ".join(f"sum({name}) AS {name}_sum" for name in wide)
    identity = lake.looked_up_id()
    return {
        "A": Shape(f"average by group, 2 of 12 columns, {sizes.objects} objects", "measurements/*.parquet", BY_STATION,
                   ("station", "value")),
        "B": Shape("every column of the same", "measurements/*.parquet", EVERY_COLUMN),
        "C": Shape("one organisation of a large object, 1 of 50 row groups, all columns", "large/large.parquet",
                   "SELECT * FROM {t} WHERE organisation_entity = 37", where=("organisation_entity", 37)),
        "D": Shape("one row by id: statistics cannot tell, bloom filters can", "ids/ids.parquet",
                   f"SELECT * FROM {{t}} WHERE id = {identity}", where=("id", identity)),
        "E": Shape(f"average by group over {sizes.small_objects:,} objects of 100 to 500 KB", "small/*.parquet",
                   BY_STATION, ("station", "value")),
        "F": Shape(f"3 of {sizes.wide_columns} columns, {sizes.wide_groups} row groups, one object",
                   "wide/wide.parquet", f"SELECT {sums} FROM {{t}}", tuple(wide)),
        "G50": Shape("LIMIT 50 of a large object", "large/large.parquet", "SELECT * FROM {t} LIMIT 50", limit=50),
        "G51": Shape("LIMIT 51 of a large object", "large/large.parquet", "SELECT * FROM {t} LIMIT 51", limit=51),
    }


def series(lake: Lake) -> dict[int, Shape]:
    """The shape of E over other numbers of objects."""
    return {count: Shape(f"average by group over {count:,} objects of 100 to 500 KB", f"series-{count}/*.parquet",
                         BY_STATION, ("station", "value")) for count in lake.sizes.series}
