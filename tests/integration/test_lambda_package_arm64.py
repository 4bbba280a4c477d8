"""The package for arm64 as a machine of another kind makes it (`./dev package lambda --arch arm64`), run by an emulator.

To build it takes minutes, so the one is looked at that lies in build/lambda; without one, all of this is skipped. What it
answers is held against the program under test.
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys

import pytest

from support import s3_servers
from support.eider_server import EiderServer, binary, run
from support.lambda_function import LambdaFunction
from support.lambda_packages import assert_only_its_own_is_bound_ahead, bindings, put_lake, root_of_the_image
from support.runtime_api import Invocation, RuntimeApi
from support.type_samples import SAMPLES, write_samples

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tools"), str(ROOT / "deps")]

import install  # noqa: E402
import lambda_package  # noqa: E402
import sysroot  # noqa: E402
from step import Failure  # noqa: E402

pytestmark = [pytest.mark.skipif(os.environ["EIDER_SANITIZER"] != "", reason="a package is made of plain builds"),
              pytest.mark.timeout(600)]  # emulated, on a busy machine

PATIENCE_SECONDS = 300
MAKE = "./dev package lambda --arch arm64"
BUILT = ROOT / "build-arm64" / "eider"
EXAMPLE = ROOT / "examples" / "events" / "function-url.json"


@pytest.fixture(scope="module")
def package():
    made = ROOT / "build" / "lambda" / "package"
    if not (made / "bootstrap").is_file() or lambda_package.machine(made / "bootstrap") != "arm64":
        pytest.skip(f"build/lambda holds no package for arm64; {MAKE} makes one")
    if not lambda_package.emulator(made / "bootstrap"):
        pytest.skip("this machine is of that kind, and test_lambda_package looks at its packages")
    sources = [path for folder in ("src", "cmake", "tools") for path in (ROOT / folder).rglob("*") if path.is_file()]
    if max(path.stat().st_mtime for path in sources) > made.with_suffix(".zip").stat().st_mtime:
        pytest.skip(f"the package for arm64 in build/lambda is older than the sources; {MAKE} makes another")
    return made


def command(package, root=pathlib.Path("/")):
    """What bootstrap starts. An emulator cannot start it so: the kernel is asked, which does not know such programs."""
    emulator, = lambda_package.emulator(package / "bootstrap")
    inside = pathlib.Path("/", package.relative_to(root))
    loader = next((package / "lib").glob("ld-linux-*"))
    return [shutil.which(emulator), inside / "lib" / loader.name, "--inhibit-cache", "--library-path", inside / "lib",
            inside / "lib" / "eider"]


def launcher(package, folder):
    """A program that runs the package's, for what starts EIDER_BIN."""
    folder.mkdir()
    path = folder / "eider"
    path.write_text(f'#!/bin/sh\nexec {shlex.join(map(str, command(package)))} "$@"\n')
    path.chmod(0o755)
    return str(path)


@pytest.fixture(scope="module")
def emulated(package, tmp_path_factory):
    return launcher(package, tmp_path_factory.mktemp("emulated") / "bin")


def test_bootstrap_starts_the_program_by_the_loader_beside_it(package):
    emulator, *words = map(str, command(package))
    told = subprocess.run([emulator, "-strace", package / "bootstrap", "get", "a b"], capture_output=True, text=True).stderr
    asked = re.search(r'execve\("([^"]*)",\{(.*?)\}', told)
    assert asked and asked[1] == words[0], told
    assert re.findall(r'"([^"]*)"', asked[2]) == [*words, "get", "a b"]


def url_event(path, query):
    event = json.loads(EXAMPLE.read_text())
    event.update(rawPath=path, rawQueryString=query, headers={"host": "x.lambda-url.eu-west-1.on.aws"})
    event["requestContext"]["http"].update(method="GET", path=path)
    return event


def told(api):
    """What a function answers: to a direct question, and to a download by its URL."""
    answers = []
    for event in ({"q": "SELECT id, delay FROM flights WHERE delay > 90 ORDER BY id DESC", "limit": 7},
                  url_event("/flights.csv", "delay__gte=50&_columns=id,delay")):
        answers.append(api.begin(Invocation(event, PATIENCE_SECONDS)))
        assert answers[-1].answered.wait(PATIENCE_SECONDS), "the invocation was not answered"
    answer, (status, headers, body) = answers[0].json(), answers[1].http
    kept = {name: value for name, value in headers.items() if name not in ("date", "eider-request-id", "last-modified")}
    assert len(answer.get("data", {}).get("records", ())) == 7, answer
    assert status == 200 and len(body) > 10_000
    return answer["data"], kept, body


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change its root")
def test_the_image_answers_as_the_program_does(package, tmp_path, monkeypatch):
    """In a root with nothing else but the emulator."""
    lake, root = put_lake(tmp_path / "lake"), tmp_path / "root"
    entry = root_of_the_image(package.parent, root)
    assert entry == ["/var/task/bootstrap"]
    emulator, *words = command(root / "var" / "task", root)
    shutil.copy(emulator, root)
    with s3_servers.started("versitygw") as server:
        server.client().create_bucket(Bucket="lake")
        server.client().upload_file(str(lake / "flights.parquet"), "lake", "flights.parquet")
        with RuntimeApi() as api, LambdaFunction(api, "s3://lake", **server.environment()):
            expected = told(api)
        monkeypatch.setenv("EIDER_BIN", shutil.which("chroot"))
        started = (root, f"/{pathlib.Path(emulator).name}", *words)
        with RuntimeApi() as api, LambdaFunction(api, "s3://lake", *started, **server.environment()):
            assert told(api) == expected


def test_downloads_are_the_same_bytes(emulated, tmp_path, monkeypatch):
    """Of every type, in every format, and with its codings."""
    lake = write_samples(tmp_path)
    asked = [(f"/{name}.{format}", coding) for name in [*SAMPLES, "empty", "one"] for coding in ("identity", "gzip", "br")
             for format in ("csv", "tsv", "json", "ndjson", "parquet", "arrow", "xlsx")]

    def downloads():
        with EiderServer(lake) as server:
            return {what: (answer.status_code, answer.headers.get("etag"), answer.headers.get("content-encoding"),
                           answer.raw.read(decode_content=False)) for what in asked
                    for answer in [server.request("GET", what[0], stream=True, accept_encoding=what[1])]}
    expected = downloads()
    assert all(status == 200 for status, *_ in expected.values())
    monkeypatch.setenv("EIDER_BIN", emulated)
    got = downloads()
    assert [what for what in asked if got[what] != expected[what]] == []


def test_verbs_write_the_same_bytes(emulated, tmp_path, monkeypatch):
    lake = put_lake(tmp_path / "lake")
    asked = [("get", "flights.csv?delay__gte=50"), ("get", "flights.parquet"), ("describe", "flights"),
             ("query", "SELECT delay, count(*) AS n, avg(id) AS mean FROM flights GROUP BY delay ORDER BY delay", "--format", "json")]

    def written():
        done = [run(*words, "--lake", lake) for words in asked]
        return [(one.returncode, one.stdout) for one in done]
    expected = written()
    assert all(code == 0 and text for code, text in expected)
    monkeypatch.setenv("EIDER_BIN", emulated)
    assert written() == expected
    assert run("query", "SELEC", "--lake", lake).returncode == 1


def test_only_what_is_its_own_is_bound_ahead(package, tmp_path):
    unbound = shutil.copytree(package, tmp_path / "package")
    shutil.copyfile(install.duckdb("arm64") / "lib" / "libduckdb.so", unbound / "lib" / "libduckdb.so")
    assert_only_its_own_is_bound_ahead(bindings(*command(unbound)), bindings(*command(package)))


def test_what_is_missing_is_told_when_it_is_made(package, tmp_path):
    copy = shutil.copytree(package, tmp_path / "package")
    lambda_package._check(copy)
    lost = next((copy / "lib").glob("libstdc++*"))
    lost.unlink()
    with pytest.raises(Failure, match=re.escape(lost.name)):
        lambda_package._check(copy)


def test_it_tells_nothing_of_the_machine(package):
    for path in (package / "bootstrap", package / "lib" / "eider"):
        program = path.read_bytes()
        for place in (ROOT, install.CACHE, pathlib.Path.home()):
            assert str(place).encode() + b"/" not in program, f"{path.name} holds {place}"


def test_the_same_sources_make_the_same_bytes(package, tmp_path):
    extensions = sorted((package / "lib" / "extensions").glob("*"))
    again = lambda_package.make(BUILT, extensions, tmp_path / "again", sysroot.libraries())
    assert lambda_package.zipped(again).read_bytes() == package.with_suffix(".zip").read_bytes()


def test_extensions_of_its_machine_are_loaded(package, tmp_path, monkeypatch):
    extension = install.extension_folder("arm64") / f"sqlite_scanner{install.EXTENSION}"
    if not extension.is_file():
        pytest.skip(f"no extension for arm64 was fetched yet; {MAKE} --extension sqlite_scanner does")
    made = lambda_package.make(BUILT, [extension], tmp_path / "arm64", sysroot.libraries())
    lake = put_lake(tmp_path / "lake")
    with sqlite3.connect(lake / "app.db") as database:
        database.execute("CREATE TABLE t AS SELECT 42 AS answer")
    (lake / "eider.yaml").write_text("catalogs:\n  app: {type: sqlite, path: app.db}\n")
    monkeypatch.setenv("EIDER_BIN", launcher(made, tmp_path / "bin"))
    monkeypatch.delenv("EIDER_EXTENSIONS")
    done = run("query", "SELECT answer FROM app.main.t", "--lake", lake, "--format", "csv")
    assert done.stdout.split() == [b"answer", b"42"], done.stderr
