"""Pages: following Link to the end gives the whole, whatever the order and the source."""
import re

import pytest

from support.eider_server import EiderServer
from support.flights import parse_csv
from support.relations import write

# Every type that can be an order, with nulls, duplicates and the ends of types.
KEYED = """SELECT i AS id, CASE WHEN i % 7 = 0 THEN NULL ELSE i % 5 END AS number,
    CASE WHEN i % 11 = 0 THEN NULL WHEN i % 6 = 0 THEN '' ELSE chr(97 + (i % 9)::INTEGER) || ',"é' END AS text,
    CASE WHEN i % 8 = 0 THEN 'NaN'::DOUBLE WHEN i % 9 = 0 THEN 'Infinity'::DOUBLE WHEN i % 10 = 0 THEN NULL
         ELSE (i % 12) / 7.0::DOUBLE END AS ratio,
    ((i % 13) / 3.0)::FLOAT AS single, ((i % 14) / 8)::DECIMAL(9, 3) AS price, i % 3 = 0 AS flag,
    TIMESTAMP '2024-01-01' + INTERVAL (i % 15) MICROSECOND AS moment,
    make_timestamptz((i % 16)::BIGINT * 1000001) AS zoned,
    make_timestamp_ns((i % 17)::BIGINT) AS nanos,
    DATE '2024-02-25' + (i % 6)::INTEGER AS day, TIME '10:00:00' + INTERVAL (i % 4) SECOND AS hour,
    ('00000000-0000-0000-0000-00000000000' || i % 10)::UUID AS uuid,
    encode('b' || i % 3) AS bytes, [i % 2, i % 3] AS list,
    {'a': i % 2, 'b': 'x' || i % 3} AS struct, to_days((i % 5)::INTEGER) AS span
    FROM range(120) AS t(i)"""
PLAIN = ["number", "text", "ratio", "price", "flag", "moment", "day"]
RICH = ["single", "zoned", "nanos", "hour", "uuid", "bytes", "list", "struct", "span"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    lake = tmp_path_factory.mktemp("lake")
    source = write(KEYED, lake / "keyed.parquet", "ROW_GROUP_SIZE 2048")
    for part in range(3):
        write(f"FROM '{source}' WHERE id % 3 = {part}", lake / f"parts/p{part}.parquet")
    write(f"SELECT id, {', '.join(PLAIN)} FROM '{source}'", lake / "text.csv", "HEADER true")
    write(f"SELECT id, {', '.join(PLAIN)} FROM '{source}' WHERE NOT isnan(ratio) AND NOT isinf(ratio)",
          lake / "lines.ndjson")
    with EiderServer(lake) as running:
        yield running


def next_page(answer):
    link = answer.headers.get("Link")
    return link and re.fullmatch(r"<([^>]*)>; rel=\"next\"", link)[1]


def pages(server, target):
    """The rows of all pages, and how many each has."""
    rows, sizes = [], []
    while target:
        answer = server.get(target)
        assert answer.status_code == 200, answer.text
        page = parse_csv(answer.content)[1]
        rows += page
        sizes.append(len(page))
        target = next_page(answer)
        assert len(sizes) < 200
    return rows, sizes


def check(server, name, parameters, size):
    joiner = "&" if parameters else ""
    whole = parse_csv(server.get(f"/{name}.csv?{parameters}").content)[1]
    rows, sizes = pages(server, f"/{name}.csv?{parameters}{joiner}_limit={size}")
    assert rows == whole
    assert all(count == size for count in sizes[:-1]) and 0 < sizes[-1] <= size


SORTS = [*PLAIN, *(f"-{name}" for name in PLAIN), "text,-number", "-flag,ratio,-text", "-number,number"]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("name", ["keyed", "parts", "text", "lines"])
def test_sorted_pages_join_to_the_whole(server, name, sort):
    check(server, name, f"_columns=id,number,text,ratio&_sort={sort}", 17)


@pytest.mark.parametrize("sort", [*RICH, *(f"-{name}" for name in RICH)])
def test_any_type_can_order_pages(server, sort):
    check(server, "keyed", f"_columns=id&_sort={sort}", 13)


@pytest.mark.parametrize("name", ["keyed", "parts", "text", "lines"])
@pytest.mark.parametrize("filters", ["", "number__gte=2", "text=&number__notnull"])
def test_pages_in_source_order_join_to_the_whole(server, name, filters):
    check(server, name, filters, 7)


def test_the_last_page_has_no_link(server):
    assert next_page(server.get("/keyed.csv?_limit=119"))
    for limit in (120, 121, 1000):
        assert not next_page(server.get(f"/keyed.csv?_limit={limit}"))
    assert not next_page(server.get("/keyed.csv")) and not next_page(server.get("/keyed.csv?_limit=0"))
    assert not next_page(server.get("/keyed.csv?_limit=10&_count=1"))


def test_a_link_keeps_the_format_and_every_parameter(server):
    target = "/keyed.json?_columns=id,text&text__startswith=b%2C%22%C3%A9&_sort=-number&_limit=2&_view=1"
    got = []
    while target:
        answer = server.get(target)
        assert answer.headers["Content-Disposition"].startswith("inline")
        got += answer.json()
        target = next_page(answer)
    whole = server.get("/keyed.json?_columns=id,text&text__startswith=b%2C%22%C3%A9&_sort=-number").json()
    assert got == whole and len(got) > 2


def test_a_link_without_an_extension_keeps_what_accept_said(server):
    answer = server.get("/keyed?_limit=100&_columns=id", accept="text/csv")
    second = server.get(next_page(answer), accept="text/csv")
    assert parse_csv(answer.content)[1] + parse_csv(second.content)[1] == [[str(number)] for number in range(120)]


def test_head_and_not_modified_have_the_link_too(server):
    target = "/keyed.csv?_limit=5"
    answer = server.get(target)
    assert server.request("HEAD", target).headers["Link"] == answer.headers["Link"]


def token_of(server, target):
    return re.search(r"_after=([^&>]+)", server.get(target).headers["Link"])[1]


@pytest.mark.parametrize("change", ["_sort=number", "_sort=-text", "text=", "_columns=id"])
def test_a_token_belongs_to_its_request(server, change):
    token = token_of(server, "/keyed.csv?_limit=5&_sort=text")
    answer = server.get(f"/keyed.csv?_limit=5&{change}&_after={token}")
    assert answer.status_code == 400 and answer.json()["parameter"] == "_after"


def test_a_page_may_have_another_size(server):
    token = token_of(server, "/keyed.csv?_limit=5&_sort=text")
    whole = parse_csv(server.get("/keyed.csv?_sort=text").content)[1]
    assert parse_csv(server.get(f"/keyed.csv?_limit=50&_sort=text&_after={token}").content)[1] == whole[5:55]
    assert parse_csv(server.get(f"/keyed.csv?_sort=text&_after={token}").content)[1] == whole[5:]


@pytest.mark.parametrize("spoil", [
    lambda token: token[:-3], lambda token: token + "AAAA", lambda token: "A" + token[1:],
    lambda token: token.swapcase(), lambda token: "%00"
])
def test_a_spoiled_token_is_refused(server, spoil):
    answer = server.get(f"/keyed.csv?_limit=5&_after={spoil(token_of(server, '/keyed.csv?_limit=5'))}")
    assert answer.status_code == 400 and answer.json()["parameter"] == "_after"


def test_pages_of_changed_data_are_refused_and_never_mixed(serve, tmp_path):
    (tmp_path / "a.csv").write_text("x\n" + "".join(f"{number}\n" for number in range(30)))
    server = serve(tmp_path)
    second = next_page(server.get("/a.csv?_limit=10"))
    (tmp_path / "a.csv").write_text("x\n" + "".join(f"{number}\n" for number in range(31)))
    answer = server.get(second)
    assert answer.status_code == 400 and "changed" in answer.json()["detail"]
