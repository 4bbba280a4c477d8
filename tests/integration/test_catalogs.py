"""Attached catalogs: every type from the program that writes it, servers that go down, and what a stranger may not do."""
import concurrent.futures
import pathlib
import shutil
import time

import duckdb
import pyarrow
import pytest

from support import databases, iceberg_rest, s3_servers, table_folders
from support.databases import PASSWORD
from support.eider_server import EiderServer, extension_folder, run
from support.s3_servers import free_port

ROOT = pathlib.Path(__file__).parents[2]
BIRDS = "CREATE TABLE birds (id BIGINT, name VARCHAR(20)); INSERT INTO birds VALUES (1, 'eider'), (2, 'smew'), (3, NULL)"
SECRET = "EIDER_CATALOG_SHOP"


def arrow(first, rows=3):
    return pyarrow.table({"id": pyarrow.array(range(first, first + rows), pyarrow.int64()),
                          "name": [f"bird {i}" for i in range(first, first + rows)]})


@pytest.fixture
def lake(tmp_path):
    """Files of every type, and a dataset."""
    folder = tmp_path / "lake"
    (folder / "warehouse").mkdir(parents=True)
    (folder / "delta").mkdir()
    table_folders.sqlite(folder / "app.db")
    table_folders.duck_lake(folder / "meta.ducklake", folder / "lakefiles", "CREATE TABLE dl.birds AS SELECT range AS id "
                            "FROM range(1000)", "CREATE VIEW dl.few AS FROM dl.birds WHERE id < 2")
    metadata = table_folders.iceberg(folder / "warehouse", "zoo.birds", arrow(0), arrow(3))
    (metadata.parent / "version-hint.text").write_text(metadata.name.removesuffix(".metadata.json"))
    old = table_folders.delta(folder / "delta" / "birds", 0, arrow(0))
    table_folders.delta(folder / "delta" / "birds", 1, arrow(10), remove=[old])
    (folder / "ships.csv").write_text("id,ship\n1,Fram\n2,Gauss\n")
    configure(folder, app="{type: sqlite, path: app.db}", duck="{type: ducklake, path: meta.ducklake, data_path: lakefiles}",
              ice="{type: iceberg, path: warehouse}", dlt="{type: delta, path: delta/}")
    return folder


def configure(lake, **catalogs):
    (lake / "eider.yaml").write_text("catalogs:\n" + "".join(f"  {name}: {text}\n" for name, text in catalogs.items()))


def server_catalog(kind, port, **more):
    words = {"type": kind, "host": "127.0.0.1", "port": port, "database": "shop", "user": "reader", "password_env": SECRET}
    return "{" + ", ".join(f"{key}: {value}" for key, value in {**words, **more}.items()) + "}"


def ask(lake, sql, *options, **environment):
    done = run("query", sql, "--lake", lake, "--format", "csv", *options, EIDER_EXTENSIONS=extension_folder(), **environment)
    return done.stdout.decode().replace("\r\n", "\n") if done.returncode == 0 else f"error {done.returncode}: {done.stderr}"


def answer(server, sql, **headers):
    response = server.post("/query", {"sql": sql, "format": "csv"}, **headers)
    return response.status_code, response.text.replace("\r\n", "\n") if response.ok else response.json()["detail"]


@pytest.fixture
def start(serve):
    return lambda lake, *options, **environment: serve(lake, *options, EIDER_EXTENSIONS=extension_folder(), **environment)


@pytest.mark.parametrize("table, rows", [
    ("app.main.birds", "3,0"), ("app.birds", "3,0"), ("APP.main.BIRDS", "3,0"), ("duck.main.birds", "1000,0"),
    ("duck.few", "2,0"), ("ice.zoo.birds", "6,0"), ("dlt.birds", "3,10"),
])
def test_files(lake, table, rows):
    assert ask(lake, f"SELECT count(*) AS n, min(id) AS first FROM {table}") == f"n,first\n{rows}\n"


def test_names_joins_and_filters(lake):
    assert ask(lake, "SELECT ships.ship, b.name, d.id FROM ships JOIN app.main.birds b USING (id) "
                     "JOIN duck.main.birds d ON d.id = b.id JOIN ice.zoo.birds i ON i.id = b.id ORDER BY ALL") == \
        "ship,name,id\nFram,bird 1,1\nGauss,bird 2,2\n"
    assert ask(lake, "SELECT birds.id FROM ice.zoo.birds WHERE birds.id = 4") == "id\n4\n"
    assert ask(lake, "SELECT duck.main.birds.id FROM duck.main.birds WHERE duck.main.birds.id = 4") == "id\n4\n"
    assert ask(lake, "WITH birds AS (SELECT 7 AS id) SELECT a.id FROM birds a, app.birds b LIMIT 1") == "id\n7\n"
    assert "there is no catalog 'ap'" in answer_of_http(lake, "FROM ap.birds")


def answer_of_http(lake, sql):
    """What a stranger is told: /query is the same statement, confined."""
    with EiderServer(lake, EIDER_EXTENSIONS=extension_folder()) as server:
        return answer(server, sql)[1]


def test_what_changes_is_seen(lake, start):
    server = start(lake)
    count = {name: f"SELECT count(*) AS n FROM {name}" for name in ("app.birds", "duck.birds", "ice.zoo.birds", "dlt.birds")}
    assert [answer(server, sql)[1] for sql in count.values()] == ["n\n3\n", "n\n1000\n", "n\n6\n", "n\n3\n"]
    (lake / "app.db").unlink()
    table_folders.sqlite(lake / "app.db", 5)
    table_folders.duck_lake(lake / "meta.ducklake", lake / "lakefiles", "INSERT INTO dl.birds SELECT 5")
    metadata = table_folders.iceberg(lake / "warehouse", "zoo.birds", arrow(90))
    (metadata.parent / "version-hint.text").write_text(metadata.name.removesuffix(".metadata.json"))
    table_folders.delta(lake / "delta" / "birds", 2, arrow(20))
    assert [answer(server, sql)[1] for sql in count.values()] == ["n\n5\n", "n\n1001\n", "n\n9\n", "n\n6\n"]


def test_an_answer_is_not_kept(lake, start):
    server = start(lake)
    for _ in range(2):
        response = server.post("/query", {"sql": "FROM app.birds", "format": "csv"})
        assert response.status_code == 200 and response.headers["X-Cache"] == "miss"


def test_a_plain_start_pays_nothing(lake, start):
    server = start(lake)
    assert answer(server, "FROM ships")[0] == 200
    maps = pathlib.Path(f"/proc/{server.process.pid}/maps")
    assert "duckdb_extension" not in maps.read_text()
    assert answer(server, "FROM app.birds")[0] == 200
    assert "sqlite_scanner" in maps.read_text() and "ducklake" not in maps.read_text()


def test_a_missing_extension_is_named(lake, tmp_path):
    some = tmp_path / "some"
    some.mkdir()
    shutil.copy(extension_folder() / "sqlite_scanner.duckdb_extension", some)
    assert ask(lake, "SELECT count(*) AS n FROM app.birds", "--extensions", some) == "n\n3\n"
    told = ask(lake, "FROM duck.birds", "--extensions", some)
    assert "catalog 'duck'" in told and "ducklake" in told and str(some) in told and "./dev setup" in told, told


def test_an_extension_of_others_is_not_loaded(lake, tmp_path):
    library = bytearray((extension_folder() / "sqlite_scanner.duckdb_extension").read_bytes())
    library[len(library) // 2] ^= 1
    (tmp_path / "sqlite_scanner.duckdb_extension").write_bytes(library)
    told = ask(lake, "FROM app.birds", "--extensions", tmp_path)
    assert "catalog 'app' cannot be attached" in told and "signature" in told, told


def test_a_view_reads_a_catalog(lake, start):
    with (lake / "eider.yaml").open("a") as file:
        file.write("views:\n  flock: SELECT b.id, ship FROM app.birds b JOIN ships USING (id)\n"
                   "  herd: SELECT id FROM ice.zoo.birds WHERE id > 3\n")
    server = start(lake)
    for _ in range(2):
        assert server.get("/flock.csv?_sort=id").text == "id,ship\r\n1,Fram\r\n2,Gauss\r\n"
        assert server.get("/herd.csv?_sort=id").text == "id\r\n4\r\n5\r\n"
        assert answer(server, "SELECT count(*) AS n FROM flock JOIN duck.birds USING (id)") == (200, "n\n2\n")


def test_a_broken_file_is_the_trouble_of_its_readers(lake, start):
    (lake / "meta.ducklake").write_bytes(b"no database")
    (lake / "app.db").unlink()
    server = start(lake)
    assert answer(server, "FROM duck.birds") == \
        (503, "catalog 'duck' cannot be attached; the log says why. What does not name it is answered")
    assert answer(server, "FROM app.birds")[0] == 503
    assert answer(server, "SELECT count(*) AS n FROM ice.zoo.birds") == (200, "n\n6\n")
    assert answer(server, "SELECT count(*) AS n FROM ships") == (200, "n\n2\n")
    assert any("'duck'" in line["error"] for line in server.log_lines("catalog"))


def test_keys_of_certain_datasets(lake, tmp_path, start):
    keys = tmp_path / "keys.json"
    def add(name, *options):
        return run("keys", "add", name, "--keys", keys, *options).stdout.decode().strip()
    all_of_it, ships, app = add("all"), add("ships", "--dataset", "ships"), add("app", "--dataset", "app")
    configure(lake, app="{type: sqlite, path: app.db, access: key}", ice="{type: iceberg, path: warehouse}")
    server = start(lake, "--keys", keys, "--open")
    expected = {None: (401, 200, 200), all_of_it: (200, 200, 200), ships: (403, 403, 200), app: (200, 403, 403)}
    for key, statuses in expected.items():
        headers = {"authorization": f"Bearer {key}"} if key else {}
        assert tuple(answer(server, f"SELECT count(*) FROM {name}", **headers)[0]
                     for name in ("app.birds", "ice.zoo.birds", "ships")) == statuses, key


STRANGER = [
    "FROM sqlite_scan('{lake}/app.db', 'birds')", "FROM sqlite_scan('/etc/passwd', 'x')", "FROM sqlite_query('app', 'SELECT 1')",
    "FROM app.birds, sqlite_query('app', 'SELECT 1')", "FROM app.birds, app.sqlite_query('app', 'SELECT 1')",
    "FROM app.birds, sqlite_attach('/etc/passwd')",
    "FROM app.birds, postgres_scan('host=127.0.0.1', 'public', 'x')", "FROM app.birds, postgres_query('app', 'SELECT 1')",
    "FROM app.birds, postgres_execute('app', 'SELECT 1')", "FROM app.birds, mysql_query('app', 'SELECT 1')",
    "FROM ice.zoo.birds, iceberg_scan('{lake}/warehouse/zoo/birds')", "FROM ice.zoo.birds, iceberg_metadata('/etc')",
    "FROM ice.zoo.birds, read_avro('/etc/passwd')", "FROM dlt.birds, delta_scan('{lake}/delta/birds')",
    "FROM dlt.birds, delta_scan('/etc')", 'FROM dlt."../../outside"', 'FROM dlt.".."."outside"', 'FROM dlt."a/../../../outside".t',
    'FROM ice."..".outside', 'FROM ice.zoo."*"', 'FROM dlt."%2e%2e".outside', "SELECT write_blob('/tmp/eider-hole', 'x') FROM dlt.birds",
    "FROM duck.birds, ducklake_list_files('duck', 'birds')", "FROM duck.birds, ducklake_snapshots('duck')",
    "FROM duck.birds, duck.snapshots()", "FROM duck.birds, duck.main.snapshots()", "FROM duck.snapshots()",
    "CALL duck.set_option('x', 'y')", "FROM __ducklake_metadata_duck.main.ducklake_snapshot",
    "FROM duck.birds, __ducklake_metadata_duck.main.ducklake_snapshot",
    "FROM app.birds, duckdb_databases()", "FROM app.birds, duckdb_secrets()", "FROM app.birds, duckdb_settings()",
    "FROM app.birds, duckdb_extensions()", "FROM app.birds, app.pg_catalog.pg_settings", "FROM app.birds, system.main.duckdb_tables",
    "FROM app.birds, information_schema.tables", "FROM app.birds, app.information_schema.tables", "FROM app.sqlite_master, duckdb_tables",
    "FROM app.birds, read_csv('/etc/passwd')", "FROM app.birds, read_text('{lake}/eider.yaml')", "FROM app.birds, glob('/etc/*')",
    "FROM app.birds, read_csv('file:///etc/passwd')", "FROM app.birds, '/etc/passwd'", "FROM app.birds, query('SELECT 1')",
    "SELECT current_setting('extension_directory') FROM app.birds", "SELECT getenv('HOME') FROM app.birds",
    "INSERT INTO app.birds VALUES (1, 'x')", "DELETE FROM duck.birds", "CREATE TABLE app.x AS SELECT 1", "DETACH app",
    "ATTACH '/etc/passwd' AS x (TYPE sqlite)", "LOAD '/tmp/x.duckdb_extension'", "USE app", "SET sqlite_all_varchar=true",
    "CREATE SECRET (TYPE postgres)", "COPY app.birds TO '/tmp/eider-hole'", "PRAGMA database_list", "SHOW ALL TABLES",
]


def test_a_stranger_reads_tables_and_nothing_else(lake, start):
    table_folders.delta(lake.parent / "outside", 0, arrow(0))
    server = start(lake)
    assert answer(server, "SELECT count(*) AS n FROM app.birds, duck.few, ice.zoo.birds, dlt.birds")[0] == 200
    wrong = []
    for sql in STRANGER:
        status, told = answer(server, sql.format(lake=lake))
        if status not in (400, 404) or "root:" in told or ("{lake}" not in sql and str(lake) in told):
            wrong.append((sql, status, told))
    assert not wrong, "\n".join(map(str, wrong))
    assert not pathlib.Path("/tmp/eider-hole").exists()
    assert answer(server, "SELECT count(*) AS n FROM app.birds") == (200, "n\n3\n")


def test_an_author_of_metadata_reaches_nothing_outside(lake, tmp_path, start):
    """Whoever writes a DuckLake in the lake does not read the server's files through it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    duckdb.sql("SELECT 'CANARY' AS a").write_parquet(str(outside / "x.parquet"))
    duckdb.sql("SELECT 'CANARY' AS a").write_parquet(str(lake / "hidden.parquet"))
    table_folders.duck_lake(lake / "meta.ducklake", lake / "lakefiles",
                            f"CREATE VIEW dl.out AS FROM read_parquet('{outside}/x.parquet')",
                            f"CREATE VIEW dl.inside AS FROM read_parquet('{lake}/hidden.parquet')",
                            f"CREATE VIEW dl.others AS FROM read_parquet('{lake}/delta/birds/part-00001.parquet')",
                            "CREATE TABLE dl.added (a VARCHAR)",
                            f"CALL ducklake_add_data_files('dl', 'added', '{outside}/x.parquet')")
    server = start(lake)
    assert answer(server, "SELECT count(*) AS n FROM dlt.birds") == (200, "n\n3\n")  # so that its folder is open to its readers
    for table in ("duck.out", "duck.inside", "duck.added", "duck.others"):
        status, told = answer(server, f"FROM {table}")
        assert status in (400, 404, 502, 503) and "CANARY" not in told and "bird 1" not in told, (table, status, told)
    assert answer(server, "SELECT count(*) AS n FROM duck.few") == (200, "n\n2\n")


def test_every_function_of_the_extensions_is_classed():
    classed = set()
    for line in (ROOT / "src/engine/sandbox_functions.txt").read_text().splitlines():
        kind, *names = line.split() or [""]
        if kind in ("value", "table"):
            classed.update((kind, name) for name in names)
    with duckdb.connect() as connection:
        def functions():
            return set(connection.execute("SELECT function_name, function_type FROM duckdb_functions()").fetchall())
        before = functions()
        for path in sorted(extension_folder().glob("*.duckdb_extension")):
            connection.load_extension(str(path))
        added = {("table" if kind.startswith("table") else "value", name) for name, kind in functions() - before}
    assert len(added) > 50 and not added - classed


@pytest.fixture(scope="module")
def postgres():
    with databases.postgres(BIRDS) as server:
        yield server


@pytest.fixture(scope="module")
def mariadb():
    with databases.mariadb("CREATE TABLE IF NOT EXISTS birds AS SELECT 1 AS id, 'eider' AS name UNION SELECT 2, 'smew'") as server:
        yield server


def test_postgres(lake, postgres, start):
    configure(lake, pg=server_catalog("postgres", postgres.port), app="{type: sqlite, path: app.db}")
    environment = {SECRET: PASSWORD}
    assert ask(lake, "FROM pg.public.birds ORDER BY id", **environment) == "id,name\n1,eider\n2,smew\n3,\n"
    assert ask(lake, "SELECT pg.public.birds.name FROM pg.public.birds WHERE id = 2", **environment) == "name\nsmew\n"
    told = ask(lake, "SELECT database_name, path FROM duckdb_databases(), pg.birds", **environment)
    assert PASSWORD not in told and "127.0.0.1" not in told and "pg" in told, told
    assert ask(lake, "SELECT count(*) AS n FROM duckdb_secrets(), pg.birds", **environment) == "n\n0\n"
    written = run("query", "SELECT id FROM pg.birds", "--lake", lake, "--into", "copied/",
                  EIDER_EXTENSIONS=extension_folder(), **environment)
    assert written.returncode == 0, written.stderr
    assert ask(lake, "SELECT count(*) AS n FROM copied") == "n\n3\n"
    server = start(lake, **environment)
    assert answer(server, "SELECT p.name, b.name AS other FROM pg.public.birds p JOIN app.birds b USING (id) ORDER BY 1") == \
        (200, "name,other\neider,bird 1\nsmew,bird 2\n")
    postgres.run("CREATE OR REPLACE VIEW grown AS SELECT id + 1 AS more FROM birds")
    for sql in ("FROM pg.pg_catalog.pg_settings", "INSERT INTO pg.birds VALUES (9, 'x')",
                "FROM pg.birds, postgres_query('pg', 'SELECT current_user')", "FROM postgres_query('pg', 'SELECT 1')",
                "FROM pg.birds, postgres_execute('pg', 'DROP TABLE birds')"):
        status, told = answer(server, sql)
        assert status in (400, 404) and "reader" not in told, (sql, status, told)


def test_a_wrong_password_is_not_told(lake, postgres, start):
    configure(lake, pg=server_catalog("postgres", postgres.port))
    told = ask(lake, "FROM pg.birds", **{SECRET: "wrong word"})
    assert "catalog 'pg' cannot be attached" in told and "authentication failed" in told and "wrong word" not in told, told
    told = ask(lake, "FROM pg.birds")
    assert f"there is no {SECRET} in the environment" in told, told
    server = start(lake, **{SECRET: "wrong word"})
    assert answer(server, "FROM pg.birds") == \
        (503, "catalog 'pg' cannot be attached; the log says why. What does not name it is answered")
    assert "wrong word" not in server.log and "authentication failed" in server.log


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_server_that_is_down_and_comes_back(lake, kind, request, start):
    database = request.getfixturevalue(kind)
    words = server_catalog("postgres" if kind == "postgres" else "mysql", database.port)
    gone = server_catalog("postgres" if kind == "postgres" else "mysql", free_port())
    configure(lake, db=words, gone=gone, app="{type: sqlite, path: app.db}")
    server = start(lake, **{SECRET: PASSWORD})
    table = "db.public.birds" if kind == "postgres" else "db.shop.birds"
    count = f"SELECT min(name) AS a FROM {table}"
    assert answer(server, count) == (200, "a\neider\n")
    for _ in range(3):
        status, told = answer(server, "FROM gone.birds")
        assert status == 503 and "catalog 'gone' cannot be attached" in told and "127.0.0.1" not in told
    assert answer(server, count)[0] == answer(server, "FROM app.birds")[0] == 200
    database.stop()
    try:
        for _ in range(2):
            status, told = answer(server, count)
            assert status == 503 and "catalog 'db'" in told and str(database.port) not in told, (status, told)
        assert answer(server, "SELECT count(*) AS n FROM app.birds") == (200, "n\n3\n")
        assert answer(server, "SELECT count(*) AS n FROM ships") == (200, "n\n2\n")
    finally:
        database.start()
    until_answered(server, count, "a\neider\n")


def until_answered(server, sql, text):
    """A failure is held for two seconds; then the next question tries again."""
    give_up = time.monotonic() + 20
    while (last := answer(server, sql)) != (200, text):
        assert time.monotonic() < give_up, last
        time.sleep(0.2)


def test_mysql(lake, mariadb, start):
    configure(lake, my=server_catalog("mysql", mariadb.port))
    environment = {SECRET: PASSWORD}
    assert ask(lake, "FROM my.shop.birds ORDER BY id", **environment) == "id,name\n1,eider\n2,smew\n"
    assert ask(lake, "SELECT count(*) AS n FROM my.birds WHERE name = 'smew'", **environment) == "n\n1\n"
    told = ask(lake, "FROM my.birds", **{SECRET: "wrong word"})
    assert "catalog 'my' cannot be attached" in told and "wrong word" not in told, told
    server = start(lake, **environment)
    for sql in ("FROM mysql_query('my', 'SELECT 1')", "FROM my.birds, mysql_execute('my', 'SELECT 1')",
                "FROM my.birds, mysql_query('my', 'SELECT 1')", "FROM my.mysql.user",
                "FROM my.information_schema.tables"):
        assert answer(server, sql)[0] == 400, sql


def test_many_at_once_while_files_change(lake, start):
    """Each answer is of one state, whole; attaching anew disturbs nobody."""
    server = start(lake, "--queries", 4)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for rows in range(1000, 1006):
            asked = [pool.submit(answer, server, "SELECT count(*) AS n FROM duck.birds") for _ in range(8)]
            assert {one.result() for one in asked} == {(200, f"n\n{rows}\n")}
            table_folders.duck_lake(lake / "meta.ducklake", lake / "lakefiles", "INSERT INTO dl.birds SELECT 5")


def test_iceberg_rest(lake, start):
    with iceberg_rest.started(lake / "warehouse", "the token") as (port, _):
        rest = f"type: iceberg, endpoint: 'http://127.0.0.1:{port}', database: wh, password_env: {SECRET}"
        configure(lake, ice=f"{{{rest}, path: warehouse}}", other=f"{{{rest}, path: delta}}", app="{type: sqlite, path: app.db}")
        assert ask(lake, "SELECT count(*) AS n FROM ice.zoo.birds", **{SECRET: "the token"}) == "n\n6\n"
        wrong = ask(lake, "FROM ice.zoo.birds", **{SECRET: "a wrong one"})
        assert "catalog 'ice'" in wrong and "a wrong one" not in wrong, wrong
        server = start(lake, **{SECRET: "the token"})
        status, told = answer(server, "SELECT count(*) AS n FROM other.zoo.birds")  # its files lie outside its path
        assert status != 200 and str(lake) not in told, (status, told)
        assert answer(server, "SELECT sum(id) AS s FROM ice.zoo.birds JOIN app.birds USING (id)") == (200, "s\n3\n")
        table_folders.iceberg(lake / "warehouse", "zoo.birds", arrow(90))
        assert answer(server, "SELECT count(*) AS n FROM ice.zoo.birds") == (200, "n\n9\n")
        assert answer(server, "FROM ice.zoo.birds, read_csv('http://127.0.0.1:1/x.csv')")[0] == 400
    status, told = answer(server, "SELECT count(*) AS n FROM ice.zoo.birds")
    assert status == 503 and "catalog 'ice'" in told and str(port) not in told, (status, told)
    assert answer(server, "SELECT count(*) AS n FROM app.birds") == (200, "n\n3\n")


def test_iceberg_rest_with_a_client_of_oauth2(lake, start):
    with iceberg_rest.started(lake / "warehouse") as (port, catalog):
        catalog.client = ("eider", "the secret", "catalog:read")
        url = f"http://127.0.0.1:{port}"
        rest = (f"type: iceberg, endpoint: '{url}', database: wh, path: warehouse, user: eider, password_env: {SECRET}, "
                "scope: 'catalog:read'")
        configure(lake, ice=f"{{{rest}}}", other=f"{{{rest}, token_endpoint: '{url}{iceberg_rest.TOKEN_PATH}'}}")
        wrong = ask(lake, "FROM ice.zoo.birds", **{SECRET: "a wrong one"})
        assert "catalog 'ice' cannot be attached" in wrong and "a wrong one" not in wrong, wrong
        server = start(lake, **{SECRET: "the secret"})
        count = "SELECT count(*) AS n FROM {}.zoo.birds"
        for _ in range(2):
            assert answer(server, count.format("ice")) == (200, "n\n6\n")
        assert catalog.given == ["/v1/oauth/tokens"]
        assert answer(server, count.format("other")) == (200, "n\n6\n") and catalog.given[1:] == [iceberg_rest.TOKEN_PATH]
        catalog.tokens.clear()  # as when they expire early
        until_answered(server, count.format("ice"), "n\n6\n")
        assert "the secret" not in server.log and "given " not in server.log


def test_a_lake_on_s3(lake, start):
    with s3_servers.started("versitygw") as store:
        store.client().create_bucket(Bucket="lake")
        for path in filter(pathlib.Path.is_file, lake.rglob("*")):
            store.client().upload_file(str(path), "lake", f"deep/{path.relative_to(lake)}")
        server = start("s3://lake/deep", **store.environment())
        for table, rows in (("duck.main.birds", 1000), ("duck.few", 2), ("ice.zoo.birds", 6)):
            assert answer(server, f"SELECT count(*) AS n FROM {table}") == (200, f"n\n{rows}\n"), table
        assert answer(server, "SELECT ship FROM ships JOIN ice.zoo.birds USING (id) JOIN duck.birds USING (id) ORDER BY 1") == \
            (200, "ship\nFram\nGauss\n")
        for table in ("dlt.birds", "app.birds"):  # their extensions open files by themselves
            assert answer(server, f"FROM {table}")[0] == 503
        assert "files of Delta are read where the lake is a folder on a disk" in server.log and "files of SQLite" in server.log
        listed = {table["name"] for name in ("duck", "ice", "dlt") for table in server.get(f"/catalogs/{name}").json()["tables"]}
        assert listed == {"duck.main.birds", "duck.main.few", "ice.zoo.birds", "dlt.birds"}


def test_tables_are_listed(lake, tmp_path, start):
    configure(lake, app="{type: sqlite, path: app.db}", duck="{type: ducklake, path: meta.ducklake, data_path: lakefiles}",
              ice="{type: iceberg, path: warehouse, access: key}", gone="{type: sqlite, path: gone.db}")
    keys = tmp_path / "keys.json"
    key, ships = (run("keys", "add", "alice", "--keys", keys, *of).stdout.decode().strip() for of in ([], ["--dataset", "ships"]))
    server = start(lake, "--keys", keys, "--open")
    def names(**headers):
        return [entry["name"] for entry in server.get("/datasets", **headers).json().get("catalogs", [])]
    assert names() == ["app", "duck", "gone"] and names(x_api_key=key) == ["app", "duck", "gone", "ice"]
    assert names(x_api_key=ships) == []
    assert server.get("/catalogs/app").json() == {
        "name": "app", "type": "sqlite", "tables": [{"name": "app.main.birds", "path": ["app", "main", "birds"], "columns": [
            {"name": "id", "type": "BIGINT"}, {"name": "name", "type": "VARCHAR"}]}]}
    assert [table["name"] for table in server.get("/catalogs/duck").json()["tables"]] == ["duck.main.birds", "duck.main.few"]
    assert server.get("/catalogs/ice").status_code == 401
    assert server.get("/catalogs/ice", x_api_key=ships).status_code == 403
    assert [table["name"] for table in server.get("/catalogs/ice", x_api_key=key).json()["tables"]] == ["ice.zoo.birds"]
    assert server.get("/catalogs/gone").status_code == 503 and str(lake) not in server.get("/catalogs/gone").text
    assert server.get("/catalogs/ap").status_code == 404 and "'app'" in server.get("/catalogs/ap").json()["detail"]


def test_what_a_server_tells_of_itself_is_not_listed(lake, postgres, mariadb, start):
    configure(lake, pg=server_catalog("postgres", postgres.port), my=server_catalog("mysql", mariadb.port))
    server = start(lake, **{SECRET: PASSWORD})
    for name, table in (("pg", "pg.public.birds"), ("my", "my.shop.birds")):
        listed = [entry["name"] for entry in server.get(f"/catalogs/{name}").json()["tables"]]
        assert table in listed and not any("pg_catalog" in other or "information_schema" in other for other in listed), listed
