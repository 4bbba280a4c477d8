"""Every parameter and operator answers what DuckDB answers about the same data."""
from urllib.parse import quote

import pytest

from support.eider_server import EiderServer
from support.flights import ROWS, Answers, parse_csv, write_lake


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return write_lake(tmp_path_factory.mktemp("flights"))


@pytest.fixture(scope="module")
def server(lake):
    with EiderServer(lake) as running:
        yield running


@pytest.fixture(scope="module")
def answers(lake):
    text = f"read_csv('{lake}/text.csv', header=true, allow_quoted_nulls=false)"
    return {"flights": Answers(f"'{lake}/flights.parquet'"), "text": Answers(text)}


def rows(server, target):
    answer = server.get("/" + target)
    assert answer.status_code == 200, answer.text
    return parse_csv(answer.content)


FILTERS = [
    ("origin=JFK", "origin = 'JFK'"),
    ("origin=JFK&origin=LAX", "origin IN ('JFK', 'LAX')"),
    ("origin=", "origin = ''"),
    ("origin=New+York", "origin = 'New York'"),
    ("origin=S%C3%A3o%20Paulo", "origin = 'São Paulo'"),
    ("origin=a,b", "origin = 'a,b'"),
    ("origin=x%22y", "origin = 'x\"y'"),
    ("origin=jfk", "false"),
    ("origin__eq=SFO", "origin = 'SFO'"),
    ("origin__ne=JFK", "origin <> 'JFK'"),
    ("origin__in=JFK,LAX,nowhere", "origin IN ('JFK', 'LAX')"),
    ("origin__notin=JFK,LAX", "origin NOT IN ('JFK', 'LAX')"),
    ("origin__gte=LAX&origin__lt=S", "origin >= 'LAX' AND origin < 'S'"),
    ("origin__isnull", "origin IS NULL"),
    ("origin__isnull=1", "origin IS NULL"),
    ("origin__notnull=true", "origin IS NOT NULL"),
    ("organisation-entity=flight+7%25_", "\"organisation-entity\" = 'flight 7%_'"),
    ("organisation-entity__contains=99%25_", "contains(\"organisation-entity\", '99%_')"),
    ("organisation-entity__startswith=flight+12", "starts_with(\"organisation-entity\", 'flight 12')"),
    ("organisation-entity__endswith=5%25_", "ends_with(\"organisation-entity\", '5%_')"),
    ("organisation-entity__like=%25 1_3%25", "\"organisation-entity\" LIKE '% 1_3%'"),
    ("delay=5", "delay = 5"),
    ("delay=-5", "delay = -5"),
    ("delay__ne=5", "delay <> 5"),
    ("delay__lt=0", "delay < 0"),
    ("delay__lte=0", "delay <= 0"),
    ("delay__gt=300", "delay > 300"),
    ("delay__gte=300&delay__gte=320", "delay >= 320"),
    ("delay__between=-5,5", "delay BETWEEN -5 AND 5"),
    ("delay__in=1,2,3", "delay IN (1, 2, 3)"),
    ("delay__notin=1,2,3", "delay NOT IN (1, 2, 3)"),
    ("delay__isnull=1&cancelled=true", "delay IS NULL AND cancelled"),
    ("cancelled=false", "NOT cancelled"),
    ("price__gte=999.99", "price >= 999.99"),
    ("price=0.05", "price = 0.05"),
    ("ratio__gt=140", "ratio > 140"),
    ("ratio=NaN", "isnan(ratio)"),
    ("ratio__lt=Infinity", "ratio < 'Infinity'::DOUBLE"),
    ("date=2024-01-01T10:24:00", "date = '2024-01-01 10:24:00'"),
    ("date__gte=2024-12-01&date__lt=2024-12-02", "date >= '2024-12-01' AND date < '2024-12-02'"),
    ("day=2024-02-29", "day = '2024-02-29'"),
    ("day__between=2024-02-28,2024-03-01", "day BETWEEN '2024-02-28' AND '2024-03-01'"),
    ("seen__gte=2024-02-01T00:00:00Z", "seen >= '2024-02-01 00:00:00+00'"),
    ("seen__lt=2023-11-20+12:00:00%2B05", "seen < '2023-11-20 12:00:00+05'"),
    ("tail=00000000-0000-0000-0000-000000000017", "tail = '00000000-0000-0000-0000-000000000017'"),
    ("gr%C3%B6%C3%9Fe+in+cm=3", "\"größe in cm\" = 3"),
    ("a__lt=2", "\"a__lt\" = 2"),
    ("a__lt__lt=2", "\"a__lt\" < 2"),
    ("_x=4", "\"_x\" = 4"),
    ("_x__gte=4", "\"_x\" >= 4"),
    ("-y__in=1,2", "\"-y\" IN (1, 2)"),
    ("origin=JFK&delay__gte=30&cancelled=true&price__lt=500",
     "origin = 'JFK' AND delay >= 30 AND cancelled AND price < 500"),
    ("origin=JFK&origin__ne=JFK", "false"),
]


@pytest.mark.parametrize("query, where", FILTERS, ids=[query for query, _ in FILTERS])
@pytest.mark.parametrize("name", ["flights", "text"])
def test_filters(server, answers, name, query, where):
    header, got = rows(server, f"{name}.csv?{query}")
    assert header == answers[name].names
    assert got == answers[name].rows(f"WHERE {where}")
    assert rows(server, f"{name}.csv?{query}&_count=1") == (["count"], [[str(len(got))]])


def test_nested_columns_are_filtered_by_presence(server, answers):
    assert rows(server, "flights.csv?tags__isnull")[1] == []
    assert len(rows(server, "flights.csv?tags__notnull&_columns=id")[1]) == ROWS


@pytest.mark.parametrize("name", ["flights", "text"])
def test_columns_come_in_the_order_asked(server, answers, name):
    header, got = rows(server, f"{name}.csv?_columns=-y,origin,_x,id,gr%C3%B6%C3%9Fe%20in%20cm&_limit=50")
    assert header == ["-y", "origin", "_x", "id", "größe in cm"]
    assert got == answers[name].rows("LIMIT 50", header)


def test_a_filter_and_a_sort_need_not_be_among_the_columns(server, answers):
    _, got = rows(server, "flights.csv?_columns=id&origin=JFK&_sort=-price")
    assert got == answers["flights"].rows("WHERE origin = 'JFK' ORDER BY price DESC NULLS LAST, id", ["id"])


SORTS = [("delay", "delay NULLS LAST"), ("-delay", "delay DESC NULLS LAST"),
         ("origin,-delay", "origin NULLS LAST, delay DESC NULLS LAST"), ("-ratio", "ratio DESC NULLS LAST"),
         ("ratio", "ratio NULLS LAST"), ("-seen,price", "seen DESC, price"), ("-y", "\"-y\""), ("--y", "\"-y\" DESC"),
         ("cancelled,-day", "cancelled NULLS LAST, day DESC"), ("tail", "tail")]


@pytest.mark.parametrize("name", ["flights", "text"])
@pytest.mark.parametrize("sort, order", SORTS, ids=[sort for sort, _ in SORTS])
def test_sorted_rows_have_their_ties_in_source_order(server, answers, name, sort, order):
    _, got = rows(server, f"{name}.csv?_sort={sort}")
    assert got == answers[name].rows(f"ORDER BY {order}, id")


@pytest.mark.parametrize("limit", [0, 1, 2048, 2049, ROWS, ROWS + 1, 2**62])
def test_limit(server, answers, limit):
    _, got = rows(server, f"flights.csv?_columns=id&_limit={limit}")
    assert got == answers["flights"].rows(f"LIMIT {limit}", ["id"])


def test_rows_in_any_order_are_the_same_rows(server, answers):
    answer = server.get("/flights.csv?_order=any&delay__gte=0")
    assert sorted(parse_csv(answer.content)[1]) == sorted(answers["flights"].rows("WHERE delay >= 0"))
    assert answer.headers["ETag"].startswith("W/")
    assert rows(server, "flights.csv?_order=source&_limit=3") == rows(server, "flights.csv?_limit=3")


@pytest.mark.parametrize("format", ["json", "ndjson", "csv", "tsv"])
def test_counts_in_every_text_format(server, format):
    answer = server.get(f"/flights.{format}?_count=1")
    assert "count" in answer.text and str(ROWS) in answer.text


def test_a_count_takes_no_limit_into_account_or_says_so(server):
    answer = server.get("/flights.csv?_count=1&_limit=5")
    assert answer.status_code == 400 or parse_csv(answer.content)[1] in ([["5"]], [[str(ROWS)]])


def test_folders_of_partitions(server, answers, lake):
    parts = Answers(f"read_parquet('{lake}/parts/*/*.parquet', hive_partitioning=true, hive_types={{month: VARCHAR}})")
    header, got = rows(server, "parts.csv")
    assert header == parts.names and got == parts.rows()
    assert rows(server, "parts.csv?month=03&delay__gt=300")[1] == parts.rows("WHERE month = '03' AND delay > 300")
    assert rows(server, "parts.csv?_sort=-delay&_limit=500&_columns=id,month")[1] == parts.rows(
        "ORDER BY delay DESC NULLS LAST, month, id LIMIT 500", ["id", "month"])
    assert rows(server, "parts.csv?_count=1")[1] == [[str(len(got))]]


def test_newline_delimited_json_as_a_source(server, answers):
    names = ["id", "date", "delay", "origin"]
    assert rows(server, f"lines.csv?_columns={','.join(names)}&delay__lt=-40")[1] == answers["flights"].rows(
        "WHERE delay < -40", names)
    assert rows(server, "lines.csv?_columns=id&_sort=-delay&_limit=100")[1] == answers["flights"].rows(
        "ORDER BY delay DESC NULLS LAST, id LIMIT 100", ["id"])


def test_view_shows_instead_of_saving(server):
    assert server.get("/flights.csv?_limit=1").headers["Content-Disposition"] == 'attachment; filename="flights.csv"'
    assert server.get("/flights.csv?_limit=1&_view=1").headers["Content-Disposition"].startswith("inline")
    assert server.get("/flights.csv?_limit=1&_view").headers["Content-Disposition"].startswith("inline")


def test_a_dry_run_reads_no_rows_and_prunes_row_groups(server):
    before = server.metric("eider_queries_total")
    whole = server.get("/flights.csv?_dry_run=1").json()
    assert (whole["objects"], whole["row_groups"], whole["row_groups_kept"]) == (1, 4, 4)
    assert whole["rows_at_most"] == ROWS and whole["bytes"] > 0 and whole["requests"] >= 1
    some = server.get("/flights.csv?id__lt=100&_columns=id&_dry_run=1").json()
    assert some["row_groups_kept"] == 1 and some["bytes"] < whole["bytes"] and some["rows_at_most"] < ROWS
    none = server.get("/flights.csv?id=-1&_dry_run=1").json()
    assert none["row_groups_kept"] == 0 and none["rows_at_most"] == 0
    assert server.metric("eider_queries_total") == before


@pytest.mark.parametrize("query", [
    "id__lt=100", "delay__isnull=1", "origin=JFK", "origin__ne=JFK", "ratio__gt=142", "ratio=NaN", "price__between=1,2",
    "cancelled=true", "tail__lt=00000000-0000-0000-0000-000000000100", "seen__gte=2024-02-01T00:00:00Z",
    "day__in=2024-01-01,2025-01-01", "origin__like=%25"
])
def test_a_dry_run_never_promises_fewer_rows_than_come(server, query):
    promised = server.get(f"/flights.csv?{query}&_dry_run=1").json()["rows_at_most"]
    assert promised >= len(rows(server, f"flights.csv?{query}&_columns=id")[1])


REFUSED = [
    ("colour=red", "colour", ["colour", "Columns are", "delay"]),
    ("dela=1", "dela", ["'delay'"]),
    ("Origin=JFK", "Origin", ["origin"]),
    ("delay=soon", "delay", ["delay", "soon", "INTEGER"]),
    ("delay=1.5x", "delay", ["1.5x"]),
    ("delay=99999999999999999999", "delay", ["delay"]),
    ("delay=", "delay", ["delay"]),
    ("delay__gte=", "delay__gte", ["delay"]),
    ("day=2024-02-30", "day", ["2024-02-30"]),
    ("cancelled=perhaps", "cancelled", ["perhaps"]),
    ("seen=yesterday", "seen", ["yesterday"]),
    ("seen__lt=now", "seen__lt", ["now"]),
    ("tail=not-a-uuid", "tail", ["not-a-uuid"]),
    ("ratio__lt=1e400", "ratio__lt", ["1e400"]),
    ("delay__near=5", "delay__near", ["near", "between"]),
    ("delay__contains=5", "delay__contains", ["contains", "INTEGER", "between"]),
    ("tags=1", "tags", ["tags", "isnull"]),
    ("delay__between=5", "delay__between", ["two values"]),
    ("delay__between=1,2,3", "delay__between", ["two values"]),
    ("delay__in=1,two", "delay__in", ["two"]),
    ("delay__isnull=maybe", "delay__isnull", ["notnull"]),
    ("_colums=id", "_colums", ["'_columns'"]),
    ("_limit=all", "_limit", ["all"]),
    ("_limit=-1", "_limit", ["-1"]),
    ("_limit=99999999999999999999999", "_limit", ["99999999999999999999999"]),
    ("_limit=", "_limit", ["_limit"]),
    ("_limit=1&_limit=2", "_limit", ["twice"]),
    ("_columns=id,nothing", "_columns", ["nothing"]),
    ("_columns=id,id", "_columns", ["twice"]),
    ("_columns=", "_columns", ["no column ''"]),
    ("_sort=nothing", "_sort", ["nothing"]),
    ("_sort=", "_sort", ["no column ''"]),
    ("_order=random", "_order", ["any"]),
    ("_order=any&_sort=id", "_order", ["_sort"]),
    ("_after=rubbish", "_after", ["token"]),
    ("_count=many", "_count", ["many"]),
    ("_bbox=1,2,3,4", "_bbox", ["_bbox"]),
    ("_receipt=nothing&colour=red", "colour", ["colour"]),
    ("delay=%zz", "delay", ["%zz"]),
    ("delay=%ff", "delay", ["UTF-8"]),
]


@pytest.mark.parametrize("query, parameter, words", REFUSED)
def test_what_cannot_be_understood_is_named_and_never_ignored(server, query, parameter, words):
    answer = server.get(f"/flights.csv?{query}")
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (400, 400)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem.get("parameter", "") == parameter
    assert all(word in problem["detail"] for word in words), problem["detail"]
    assert problem["request_id"] == answer.headers["Eider-Request-Id"]
    assert not {"lake://", "LINE 1", "read_parquet"} & set(problem["detail"].split())


def test_a_value_finer_than_its_column_is_compared_and_not_rounded(server):
    assert rows(server, "flights.csv?price=0.054")[1] == []


def test_a_limit_beyond_all_rows_is_no_limit(server):
    assert server.get("/flights.csv?_limit=9223372036854775808").content == server.get("/flights.csv").content


def test_sql_in_a_value_is_a_value(server, answers):
    for value in ("JFK' OR '1'='1", "JFK'; DROP TABLE flights; --", "$1", "%s", "\\'", "' || (SELECT 1) || '"):
        assert rows(server, f"flights.csv?origin={quote(value)}")[1] == []
        assert rows(server, f"flights.csv?organisation-entity__like={quote(value)}")[1] == []
        assert server.get(f"/flights.csv?{quote(value)}=1").status_code == 400
        assert server.get(f"/flights.csv?_sort={quote(value)}").status_code == 400
