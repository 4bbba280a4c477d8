"""Rows that are hard to carry: every type that DuckDB has and Parquet can hold, and values at the edges of types."""
from support.relations import write

# HUGEINT and UHUGEINT become DOUBLE in Parquet, BIGNUM and BIT text; GEOMETRY has tests of its own.
EVERY_TYPE = "SELECT * EXCLUDE (geometry, \"union\") FROM test_all_types()"

TEXTS = """SELECT * FROM (VALUES
    (1, 'plain'), (2, ''), (3, NULL), (4, 'NULL'), (5, 'null'), (6, '"'), (7, '""'), (8, 'a "quoted" word'), (9, ','),
    (10, 'a,b'), (11, chr(9)), (12, 'two' || chr(10) || 'lines'), (13, 'two' || chr(13) || chr(10) || 'lines'),
    (14, 'a' || chr(13) || 'return'), (15, 'back\\slash'), (16, '\\N'), (17, ' spaces '), (18, 'größer'), (19, '日本語'),
    (20, '👩‍🚀🦆'), (21, 'e' || chr(769)), (22, 'שלום'), (23, chr(65279) || 'mark'), (24, chr(8232) || 'separator'),
    (25, '001'), (26, 'true'), (27, '1e5'), (28, '=1+1'), (29, '@sum'), (30, '<a href="x">&amp;</a>'), (31, '#comment'),
    (32, '''single'''), (33, '{"json": [1]}'), (34, chr(10)), (35, '"' || chr(10) || ',"'), (36, 'NaN'), (37, '-'))
    AS texts(id, text)"""

CONTROLS = "SELECT n::INTEGER AS id, 'a' || chr(n::INTEGER) || 'b' AS text FROM range(0, 32) AS numbers(n)"

NUMBERS = """SELECT row_number() OVER () AS id, * FROM (VALUES
    (0.1::DOUBLE, 0.1::FLOAT, 0::BIGINT, 0::UBIGINT, 0::DECIMAL(38, 10), 0::DECIMAL(9, 2)),
    ('-0.0', '-0.0', 1, 1, 1, -0.01),
    ('NaN', 'NaN', 9223372036854775807, 18446744073709551615, 9999999999999999999999999999.9999999999, 9999999.99),
    ('Infinity', 'Infinity', -9223372036854775808, 9223372036854775808, -9999999999999999999999999999.9999999999, 1.10),
    ('-Infinity', '-Infinity', 9007199254740993, 9007199254740993, 0.0000000001, 100),
    ('5e-324', '1e-45', -1, 4294967296, -0.0000000001, NULL),
    ('1.7976931348623157e308', '3.4028235e38', 1000000, 10, 12345678901234567890.0123456789, 12.34),
    (123456789.123456789, 16777217, NULL, NULL, NULL, 0.05))
    AS numbers(double, float, bigint, ubigint, wide, narrow)"""

TIMES = """SELECT row_number() OVER () AS id, * FROM (VALUES
    (DATE '2024-02-29', TIME '23:59:59.999999', TIMESTAMP '2024-02-29 23:59:59.999999',
     TIMESTAMPTZ '2024-02-29 23:59:59.999999+05:30', TIMESTAMP_NS '2024-02-29 23:59:59.999999999',
     INTERVAL '14 months 3 days 12:34:56.789', UUID '00112233-4455-6677-8899-aabbccddeeff', '\\x00\\xff"\\x0a,'::BLOB),
    ('1969-12-31', '00:00:00', '1969-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999-12',
     '1969-12-31 23:59:59.999999999',
     '1 day', 'ffffffff-ffff-ffff-ffff-ffffffffffff', ''),
    ('0001-01-01', '12:00:00', '0001-01-01 00:00:00', '1582-10-15 00:00:00+00', '1700-01-01 00:00:00',
     '0 days', '00000000-0000-0000-0000-000000000000', 'abc'),
    ('9999-12-31', '00:00:00.000001', '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999+00',
     '2262-04-11 23:47:16.854775806', '1 year', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\\xde\\xad'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL))
    AS times(date, time, timestamp, timestamp_tz, timestamp_ns, interval, uuid, blob)"""

NESTED = """SELECT * FROM (VALUES
    (1, [1, NULL, 3], {'x': 1, 'y': 'a,"b"'}, MAP {'k': 1.5, 'l,"m"': NULL},
     [{'t': ['p', NULL, ''], 'd': DATE '2024-01-02'}]),
    (2, [], {'x': NULL, 'y': ''}, MAP {}, []),
    (3, NULL, NULL, NULL, NULL),
    (4, [9], {'x': 9, 'y': 'zwei' || chr(10) || 'Zeilen'}, MAP {'': 0.25},
     [{'t': [], 'd': NULL}, NULL, {'t': NULL, 'd': DATE '1999-12-31'}]))
    AS nested(id, list, struct, map, deep)"""

SAMPLES = {
    "every": EVERY_TYPE,
    "texts": TEXTS,
    "controls": CONTROLS,
    "numbers": NUMBERS,
    "times": TIMES,
    "nested": NESTED
}


def write_samples(folder):
    """A Parquet file for each sample, for no row of `every` and for one."""
    for name, sql in {**SAMPLES, "empty": f"{EVERY_TYPE} LIMIT 0", "one": f"{EVERY_TYPE} LIMIT 1"}.items():
        # Twice: what DuckDB writes for a null of a fixed-size array is read by nobody else.
        first = write(sql, folder / "first" / f"{name}.parquet")
        write(f"FROM '{first}'", folder / "lake" / f"{name}.parquet")
    return folder / "lake"
