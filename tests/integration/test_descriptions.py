"""What is beside the rows: the list, a dataset's description, OpenAPI, the page, health, metrics, the log."""
import json

import pytest
from openapi_spec_validator import validate

from support.eider_server import EiderServer
from support.flights import ROWS, write_lake


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    folder = write_lake(tmp_path_factory.mktemp("flights"))
    (folder / "places.csv").write_text("name,longitude,latitude\nhere,1.5,2.5\nnowhere,,\n")
    return folder


@pytest.fixture(scope="module")
def server(lake):
    with EiderServer(lake) as running:
        yield running


NAMES = ["flights", "lines", "parts", "places", "text"]


def test_the_list(server):
    listed = server.get("/datasets").json()
    assert [entry["name"] for entry in listed["dataset"]] == NAMES
    for entry in listed["dataset"]:
        formats = {distribution["title"] for distribution in entry["distribution"]}
        assert {"csv", "json", "parquet", "arrow", "xlsx"} <= formats
        for distribution in entry["distribution"]:
            head = server.request("HEAD", distribution["downloadURL"] + "?_limit=1")
            assert head.status_code == 200
            assert head.headers["Content-Type"].split(";")[0] == distribution["mediaType"]


def test_a_description(server, lake):
    described = server.get("/flights").json()
    assert described["rows"] == ROWS and described["objects"] == 1
    assert described["bytes"] == (lake / "flights.parquet").stat().st_size
    columns = {column["name"]: column for column in described["columns"]}
    assert (columns["delay"]["type"], columns["delay"]["minimum"], columns["delay"]["maximum"]) == ("INTEGER", "-60",
                                                                                                    "339")
    assert columns["delay"]["nulls"] == len(range(0, ROWS, 17))
    assert columns["price"]["type"] == "DECIMAL(18,2)" and columns["tags"]["operators"] == ["isnull", "notnull"]
    assert "geojson" not in described["formats"] and "geojson" in server.get("/places").json()["formats"]
    assert (server.get("/parts").json()["rows"], server.get("/parts").json()["objects"]) == (
        int(server.get("/parts.csv?_count=1").text.split()[1]), 12)


@pytest.mark.parametrize("name", NAMES)
def test_examples_work(server, name):
    examples = server.get(f"/{name}").json()["examples"]
    assert len(examples) >= 3
    for example in examples:
        assert server.get(example).status_code == 200, example


@pytest.mark.parametrize("name", NAMES)
def test_every_format_that_is_named_can_be_had(server, name):
    for format in server.get(f"/{name}").json()["formats"]:
        assert server.get(f"/{name}.{format}?_limit=3").status_code == 200, format


def test_geojson(server):
    answer = server.get("/places.geojson")
    assert answer.headers["Content-Type"] == "application/geo+json"
    assert answer.json() == {"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1.5, 2.5]}, "properties": {"name": "here"}},
        {"type": "Feature", "geometry": None, "properties": {"name": "nowhere"}}]}
    assert server.get("/places.geojson?name=never").json() == {"type": "FeatureCollection", "features": []}


def test_a_count_is_no_geojson(server):
    answer = server.get("/places.geojson?_count=1")
    assert answer.status_code == 400 or answer.headers["Content-Type"] == "application/json"


def test_openapi(server):
    document = server.get("/openapi.json").json()
    validate(document)
    assert document["openapi"].startswith("3.1")
    for name in NAMES:
        assert any(path.startswith(f"/{name}.") for path in document["paths"]), name
    text = json.dumps(document)
    assert "organisation-entity" in text and "delay__gte" in text


def test_openapi_of_an_empty_lake(serve, tmp_path):
    validate(serve(tmp_path).get("/openapi.json").json())


def test_the_page_loads_nothing_from_elsewhere(server):
    page = server.get("/")
    assert page.status_code == 200 and page.headers["Content-Type"].startswith("text/html")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "http://" not in page.text.replace("http://www.w3.org", "") and "https://" not in page.text
    assert 'href="datasets"' in page.text.split("<noscript>")[1].split("</noscript>")[0]


def test_health(server):
    assert server.get("/healthz").text == "ok\n"
    assert server.get("/readyz").status_code == 200


def test_a_lake_that_went_away_is_not_ready(serve, tmp_path):
    lake = tmp_path / "lake"
    lake.mkdir()
    server = serve(lake)
    assert server.get("/readyz").status_code == 200
    lake.rmdir()
    assert server.get("/readyz").status_code in (404, 503)
    assert server.get("/healthz").status_code == 200


def test_metrics_are_prometheus_text(server):
    answer = server.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    samples = [line for line in answer.text.splitlines() if not line.startswith("#")]
    for sample in samples:
        name, value = sample.rsplit(" ", 1)
        assert float(value) >= 0
        assert f"# TYPE {name.split('{')[0]} " in answer.text
    assert len({sample.rsplit(" ", 1)[0] for sample in samples}) == len(samples)


def test_each_request_is_one_line_of_log(serve, lake):
    server = serve(lake)
    answer = server.get("/flights.csv?origin=JFK&_limit=3")
    server.get("/flights.csv?colour=red")
    server.terminate()
    assert server.wait() == 0
    lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["status"] for line in requests] == [200, 400]
    assert requests[0]["id"] == answer.headers["Eider-Request-Id"]
    download = next(line for line in lines if line["event"] == "download")
    assert download["id"] == requests[0]["id"] and download["dataset"] == "flights"
    assert (download["rows"], download["bytes"], download["outcome"]) == (3, len(answer.content), "complete")
    assert download["objects"] == 1 and download["requests"] > 0 and download["ms"] > 0
