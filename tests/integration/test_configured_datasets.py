"""What eider.yaml says of datasets, as a client sees it: what is hidden is hidden everywhere."""
import textwrap

import pytest

from support.eider_server import EiderServer, run
from support.flights import parse_csv
from support.relations import write

CONFIG = """
lake:
  title: A lake of examples
  description: For tests.
datasets:
  people:
    title: People without their secrets
    description: One row a person.
    licence: CC-BY-4.0
    glob: raw/people*.parquet
    columns: [name, age, town]
    filters: [town, age]
    sort: [-age, name]
    max_rows: 50
    cache_control: public, max-age=3600
  listed:
    objects: [raw/people1.parquet]
  both:
    glob: mixed/*.parquet
    union_by_name: true
  zip:
    types: {code: VARCHAR, price: "DECIMAL(9,2)"}
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lake")
    for part in (1, 2):
        write(
            f"SELECT 'secret ' || i AS secret, i % 40 AS age, 'name ' || (i * 7) % 60 AS name, "
            f"'town ' || i % 3 AS town FROM range({60 * (part - 1)}, {60 * part}) AS r(i)", folder / f"raw/people{part}.parquet")
    write("SELECT 1 AS a, 'x' AS b", folder / "mixed/one.parquet")
    write("SELECT 'y' AS b, 2.5 AS c", folder / "mixed/two.parquet")
    (folder / "zip.csv").write_text("code,price\n00501,1.5\n10001,2\n")
    (folder / "found.csv").write_text("x\n1\n")
    (folder / "eider.yaml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="module")
def server(lake):
    with EiderServer(lake) as running:
        yield running


@pytest.fixture(scope="module")
def shown(lake):
    """The rows of `people` as configured, without the cap."""
    import duckdb
    return [
        list(row) for row in duckdb.execute(
            f"SELECT name, age::VARCHAR, town FROM "
            f"read_parquet(['{lake}/raw/people1.parquet', '{lake}/raw/people2.parquet'], "
            "filename=true, file_row_number=true) ORDER BY age::INT DESC, name, filename, file_row_number").fetchall()
    ]


def test_the_list_tells_titles_and_what_is_discovered(server):
    listed = {entry["name"]: entry for entry in server.get("/datasets").json()["dataset"]}
    assert {"people", "listed", "both", "zip", "found"} <= set(listed) and "mixed" not in listed
    assert listed["people"]["title"] == "People without their secrets"
    assert listed["people"]["licence"] == "CC-BY-4.0"
    assert server.get("/datasets").json()["title"] == "A lake of examples"


def test_the_columns_the_order_and_the_cap(server, shown):
    answer = server.get("/people.csv")
    assert parse_csv(answer.content) == (["name", "age", "town"], shown[:50])
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert [row["name"] for row in server.get("/people.json?_columns=name").json()] == [row[0] for row in shown[:50]]
    assert parse_csv(server.get("/people.csv?_limit=1000").content)[1] == shown[:50]
    assert parse_csv(server.get("/people.csv?_limit=5").content)[1] == shown[:5]


def test_a_sort_of_the_request_goes_before_the_default(server, shown):
    got = parse_csv(server.get("/people.csv?_sort=name,town,age&_limit=20").content)[1]
    assert got == sorted(shown, key=lambda row: (row[0], row[2], int(row[1])))[:20]


def test_pages_end_at_the_cap(server, shown):
    rows, target = [], "/people.csv?_limit=20"
    for _ in range(10):
        answer = server.get(target)
        rows += parse_csv(answer.content)[1]
        if "Link" not in answer.headers:
            break
        target = answer.headers["Link"].split(">")[0][1:]
    assert rows in (shown[:50], shown), "the cap is one download's or the whole series', but no row is lost or doubled"


@pytest.mark.parametrize("query", [
    "secret=secret+1", "secret__startswith=secret", "_columns=secret", "_columns=name,secret", "_sort=secret",
    "secret__isnull", "name=name+1", "name__like=%25", "_sort=-secret"
])
def test_what_is_hidden_or_not_to_be_filtered_is_refused(server, query):
    answer = server.get(f"/people.csv?{query}")
    assert answer.status_code == 400
    detail = answer.json()["detail"]
    assert "Columns are: name age town" in detail or "it can by: town age" in detail, detail


def test_what_is_hidden_is_hidden_everywhere(server):
    for target in ("/people", "/people.json", "/people.csv?_dry_run=1", "/people.parquet", "/people.ndjson?_count=1"):
        assert b"secret" not in server.get(target).content.replace(b"without their secrets", b""), target
    document = server.get("/openapi.json").json()
    paths = {path: item for path, item in document["paths"].items() if path.startswith("/people")}
    assert paths and "secret" not in str(paths).replace("without their secrets", "")
    assert server.get("/raw.csv").status_code == 404, "what it is made of is not discovered under another name"


def test_allowed_filters_work(server, shown):
    got = parse_csv(server.get("/people.csv?town=town+1&age__gte=30").content)[1]
    assert got == [row for row in shown if row[2] == "town 1" and int(row[1]) >= 30][:50]


def test_a_description_says_what_the_configuration_says(server):
    described = server.get("/people").json()
    assert [column["name"] for column in described["columns"]] == ["name", "age", "town"]
    assert {
        column["name"]: column["filterable"]
        for column in described["columns"]
    } == {
        "name": False,
        "age": True,
        "town": True
    }
    assert described["description"] == "One row a person." and described["objects"] == 2
    for example in described["examples"]:
        assert server.get(example).status_code == 200, example


def test_an_object_list_a_union_and_types(server):
    assert parse_csv(server.get("/listed.csv?_count=1").content)[1] == [["60"]]
    assert parse_csv(server.get("/both.csv").content) == (["a", "b", "c"], [["1", "x", ""], ["", "y", "2.5"]])
    assert server.get("/zip.csv").text == "code,price\r\n00501,1.50\r\n10001,2.00\r\n"
    assert server.get("/zip.csv?code=00501&_columns=price").text == "price\r\n1.50\r\n"


def test_only_what_is_named_when_nothing_is_to_be_discovered(serve, lake, tmp_path):
    config = tmp_path / "other.yaml"
    config.write_text("lake: {discover: false}\ndatasets: {zip: {}}\n")
    server = serve(lake, "--config", config)
    assert [entry["name"] for entry in server.get("/datasets").json()["dataset"]] == ["zip"]
    assert server.get("/found.csv").status_code == 404 and server.get("/zip.csv").status_code == 200


@pytest.mark.parametrize("text, words", [
    ("datasets:\n  a:\n    tilte: x\n", ["tilte", "title", "3"]),
    ("dataset:\n  a: {}\n", ["dataset", "datasets", "1"]),
    ("datasets:\n  a:\n    max_rows: many\n", ["max_rows", "3"]),
    ("datasets:\n  'a b': {}\n", ["a b"]),
    ("datasets:\n  a: [1\n", ["eider.yaml"]),
    ("datasets:\n  a: {glob: '*.csv', objects: [x.csv]}\n", ["glob", "objects"]),
], ids=["key", "top key", "number", "name", "syntax", "both"])
def test_a_wrong_configuration_says_where_and_what_is_meant(tmp_path, text, words):
    (tmp_path / "eider.yaml").write_text(text)
    for done in (run("check", "--lake", tmp_path), run("serve", "--lake", tmp_path, "--listen", "127.0.0.1:0")):
        assert done.returncode == 1 and "eider.yaml" in done.stderr
        assert all(word in done.stderr for word in words), done.stderr


@pytest.mark.parametrize("setting, words", [("columns: [nam]", ["'nam'", "'name'"]),
                                            ("filters: [ages]", ["'ages'", "'age'"]),
                                            ("sort: [-height]", ["'height'"])])
def test_a_configured_column_that_is_not_there(serve, lake, tmp_path, setting, words):
    config = tmp_path / "eider.yaml"
    config.write_text(f"datasets:\n  people:\n    glob: raw/people*.parquet\n    {setting}\n")
    done = run("check", "--lake", lake, "--config", config)
    assert done.returncode == 1 and all(word in done.stdout.decode() for word in words)
    answer = serve(lake, "--config", config).get("/people.csv")
    assert answer.status_code >= 400 and all(word in answer.text for word in words)
