"""A lake of invented flights, the same on every run, and DuckDB's own answers about it."""
import csv
import io

import duckdb

from support.relations import columns, quoted, write

ROWS = 8_000

FLIGHTS = f"""SELECT i AS id,
    TIMESTAMP '2024-01-01 00:00:00' + INTERVAL (i * 26) MINUTE AS date,
    CASE WHEN i % 17 = 0 THEN NULL ELSE (hash(i) % 400)::INTEGER - 60 END AS delay,
    (hash(i + 1) % 40)::SMALLINT * 100 AS distance,
    CASE WHEN i % 29 = 0 THEN NULL
         ELSE ['JFK', 'LAX', 'SFO', 'ORD', 'São Paulo', 'New York', 'a,b', 'x"y', ''][(hash(i + 2) % 9)::INT + 1] END AS origin,
    CASE WHEN i % 31 = 0 THEN NULL WHEN i % 37 = 0 THEN 'NaN'::DOUBLE WHEN i % 41 = 0 THEN 'Infinity'::DOUBLE
         ELSE (hash(i + 3) % 1000) / 7.0::DOUBLE END AS ratio,
    ((hash(i + 4) % 100000) / 100)::DECIMAL(18, 2) AS price,
    CASE WHEN i % 13 = 0 THEN NULL ELSE hash(i + 5) % 2 = 0 END AS cancelled,
    make_timestamptz((1700000000 + hash(i + 6) % 10000000)::BIGINT * 1000000) AS seen,
    DATE '2023-12-25' + (i % 400)::INTEGER AS day,
    ('00000000-0000-0000-0000-' || lpad((hash(i + 7) % 5000)::VARCHAR, 12, '0'))::UUID AS tail,
    [i % 3, NULL, i % 5] AS tags,
    'flight ' || i || '%_' AS "organisation-entity",
    i % 10 AS "größe in cm",
    i % 4 AS "a__lt",
    i % 6 AS "_x",
    i % 7 AS "-y"
    FROM range({ROWS}) AS t(i)"""


def write_lake(folder):
    """flights: one Parquet file of several row groups; text: CSV; parts: Parquet in folders by month; lines: NDJSON."""
    source = write(FLIGHTS, folder / "flights.parquet", "ROW_GROUP_SIZE 2048")
    write(f"SELECT * EXCLUDE (tags) FROM '{source}'", folder / "text.csv", "HEADER true")
    write(f"SELECT id, date, delay, origin, price FROM '{source}'", folder / "lines.ndjson")
    for month in range(1, 13):
        write(f"SELECT * FROM '{source}' WHERE month(date) = {month} AND year(date) = 2024",
              folder / f"parts/month={month:02d}/rows.parquet")
    return folder


class Answers:
    """What DuckDB says about a dataset, in the form in which CSV says it: text, with '' for null."""

    def __init__(self, relation):
        self.relation = relation
        self.names = [name for name, _ in columns(relation)]

    def rows(self, tail="", select=None):
        """`tail` is what follows FROM; `select` are names of columns."""
        texts = ", ".join(f"coalesce({quoted(name)}::VARCHAR, '')" for name in select or self.names)
        return [list(row) for row in duckdb.execute(f"SELECT {texts} FROM {self.relation} {tail}").fetchall()]


def parse_csv(content):
    """(header, rows) of a body."""
    lines = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    return lines[0], lines[1:]
