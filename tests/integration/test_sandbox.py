"""The sandbox of SQL from outside, attacked: the corpus of tests/sql/sandbox against a real server."""
import hashlib
import pathlib
import re

import duckdb
import pytest

CORPUS = pathlib.Path(__file__).resolve().parent.parent / "sql" / "sandbox"
EXPECTED = re.compile(r"-- (refused|answers|harmless)(?:: ?(.*))?")
CANARIES = ("CANARY-FILE", "CANARY-ENVIRONMENT", "CANARY-KEY", "root:x:", "eider-spill")


def blocks():
    for path in sorted(CORPUS.glob("*.sql")):
        for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
            first, _, sql = block.strip().partition("\n")
            if found := EXPECTED.fullmatch(first):
                yield path.stem, found[1], (found[2] or "").strip(), sql


def contents(*folders):
    """Every file below the folders with a digest of its bytes."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for folder in folders
            for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()}


@pytest.fixture
def places(tmp_path):
    lake, outside = tmp_path / "lake", tmp_path / "outside"
    for folder in (lake, outside, lake / ".hidden", lake / "_temporary"):
        folder.mkdir()
    (lake / "birds.csv").write_text("id,name\n1,eider\n2,smew\n3,scoter\n")
    (lake / "notes.txt").write_text("CANARY-FILE\n")
    for name in (".hidden/x.csv", "_temporary/x.csv"):
        (lake / name).write_text("a\nCANARY-FILE\n")
    digest = hashlib.sha256(b"key").hexdigest()
    (lake / "eider.yaml").write_text(f"lake: {{title: CANARY-KEY}}\nauth: {{keys: {{alice: 'sha256:{digest}'}}}}\n")
    duckdb.sql("SELECT range AS id FROM range(3)").write_parquet(str(lake / "birds2.parquet"))
    (outside / "secret.csv").write_text("a\nCANARY-FILE\n")
    duckdb.sql("SELECT 'CANARY-FILE' AS a").write_parquet(str(outside / "secret.parquet"))
    (lake / "link.csv").symlink_to(outside / "secret.csv")
    return lake, outside


def test_the_corpus(serve, places):
    lake, outside = places
    server = serve(lake, "--time-limit", 20, CANARY="CANARY-ENVIRONMENT", AWS_SECRET_ACCESS_KEY="CANARY-ENVIRONMENT")
    before = contents(lake, outside)
    wrong = []
    count = 0
    for name, expected, text, sql in blocks():
        sql = sql.replace("{outside}", str(outside)).replace("{lake}", str(lake))
        response = server.post("/query", {"sql": sql, "format": "csv"})
        told = response.json()["detail"] if response.status_code != 200 else response.text
        good = {"refused": response.status_code in (400, 404, 502) and text in told,
                "answers": response.status_code == 200 and text in told,
                "harmless": response.status_code in (200, 400, 404)}[expected]
        leaked = [canary for canary in CANARIES if canary in told]
        if not good or leaked:
            wrong.append(f"{name}: {sql}\n  wanted {expected}: {text}\n  got {response.status_code}: {told[:300]} {leaked}")
        count += 1
    assert count > 200
    assert not wrong, "\n".join(wrong)
    assert contents(lake, outside) == before, "something was written"
    assert server.post("/query", {"sql": "SELECT 1 AS a"}).json() == [{"a": 1}]


def test_every_function_of_duckdb_with_a_path_outside(serve, places):
    """No function of the catalog, called with a path in any place, shows what lies there or ends the server."""
    lake, outside = places
    server = serve(lake, "--time-limit", 20, CANARY="CANARY-ENVIRONMENT")
    rows = server.post("/query", {
        "sql": "SELECT DISTINCT function_name AS name, function_type AS type, "
               "least(coalesce(len(parameters), 1), 4) AS arity FROM duckdb_functions() "
               "WHERE regexp_matches(function_name, '^[a-z_0-9]+$') ORDER BY ALL"}).json()
    assert len(rows) > 700
    before = contents(lake, outside)
    path = f"'{outside}/secret.csv'"
    for row in rows:
        arguments = ", ".join([path] * row["arity"])
        call = f"{row['name']}({arguments})"
        sql = f"FROM {call}" if row["type"].startswith(("table", "pragma")) else f"SELECT {call}"
        response = server.post("/query", {"sql": sql, "limit": 5})
        assert response.status_code in (200, 400, 404, 413), (sql, response.text)
        assert not [canary for canary in CANARIES if canary in response.text], (sql, response.text)
    assert contents(lake, outside) == before


@pytest.mark.parametrize("statement", [
    "(" * 5000 + "SELECT 1" + ")" * 5000, "SELECT " + "[" * 5000 + "1" + "]" * 5000,
    "SELECT " + "CASE WHEN 1 THEN " * 2000 + "1" + " END" * 2000, "SELECT " + "1," * 50_000 + "1",
    "SELECT 1 " + "UNION ALL SELECT 1 " * 3000, "WITH " + ", ".join(f"a{i} AS (FROM a{i - 1})" for i in range(1, 500))
    + " FROM a499", "SELECT '" + "x" * 900_000 + "'", "SELECT \0", "\ufeffSELECT 1", "SELECT 1\u00a0AS\u2003a",
    "\u202eSELECT 1", "SELECT '\ud7ff\U0010ffff'", "SELECT \u0455elect", "S\u200bELECT 1",
], ids=lambda statement: statement[:12].encode("unicode_escape").decode())
def test_shapes_that_end_parsers(serve, places, statement):
    server = serve(places[0], "--time-limit", 20)
    assert server.post("/query", {"sql": statement, "limit": 1}).status_code in (200, 400, 404, 413, 504)
    assert server.post("/query", {"sql": "SELECT 1 AS a"}).json() == [{"a": 1}]
