"""The package that AWS Lambda runs (`./dev package lambda`): it needs nothing of the machine that it was built on."""
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import sys
import zipfile

import pytest

from support import s3_servers
from support.eider_server import binary, extension_folder, run
from support.lambda_function import LambdaFunction
from support.lambda_packages import assert_only_its_own_is_bound_ahead, bindings, put_lake, root_of_the_image
from support.runtime_api import RuntimeApi

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tools"))

import lambda_package  # noqa: E402
from step import Failure  # noqa: E402

pytestmark = pytest.mark.skipif(os.environ["EIDER_SANITIZER"] != "", reason="a package is made of plain builds")

ZIPPED_BYTES, UNZIPPED_BYTES = 45_000_000, 180_000_000
COUNT = {"q": "SELECT count(*) AS n FROM flights"}


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return lambda_package.make(pathlib.Path(binary()), [], tmp_path_factory.mktemp("made") / "x86_64")


def count(api):
    return api.invoke(COUNT).json()["data"]["records"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change its root")
def test_the_image_holds_all_that_it_needs(package, tmp_path, monkeypatch):
    """In a root with nothing else but a /tmp and random bytes, which Lambda has, too."""
    lake, root = put_lake(tmp_path / "lake"), tmp_path / "root"
    entry = root_of_the_image(package.parent, root)
    monkeypatch.setenv("EIDER_BIN", shutil.which("chroot"))
    with s3_servers.started("versitygw") as server:
        server.client().create_bucket(Bucket="lake")
        server.client().upload_file(str(lake / "flights.parquet"), "lake", "flights.parquet")
        with RuntimeApi() as api, LambdaFunction(api, "s3://lake", root, *entry, **server.environment()):
            assert count(api) == [{"n": 5000}]


def test_it_runs_from_any_folder_with_its_own_libraries(package, tmp_path, monkeypatch):
    copy = shutil.copytree(package, tmp_path / "any folder")
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    for library in ("libduckdb.so", "libstdc++.so.6", "libc.so.6"):
        (wrong / library).write_text("no library")
    monkeypatch.setenv("EIDER_BIN", str(copy / "bootstrap"))
    with RuntimeApi() as api, LambdaFunction(api, put_lake(tmp_path / "lake"), LD_LIBRARY_PATH=wrong) as function:
        assert count(api) == [{"n": 5000}]
        mapped = {line.split(maxsplit=5)[5] for line in
                  pathlib.Path(f"/proc/{function.process.pid}/maps").read_text().splitlines() if "/" in line}
        libraries = {path for path in mapped if re.search(r"\.so(\.|$)|/eider$", path)}
        assert len(libraries) > 5 and all(path.startswith(str(copy)) for path in libraries), libraries
        function.process.send_signal(signal.SIGTERM)
        assert function.wait() == 0


def test_arguments_and_exit_codes_pass_through(package, tmp_path, monkeypatch):
    link = tmp_path / "eider"
    link.symlink_to(package / "bootstrap")
    monkeypatch.setenv("EIDER_BIN", str(link))
    done = run("query", "SELECT 'a b' AS x", "--lake", put_lake(tmp_path / "lake"), "--format", "csv")
    assert (done.returncode, done.stdout.splitlines()) == (0, [b"x", b"a b"])
    assert run("query", "SELEC", "--lake", tmp_path / "lake").returncode == 1
    (broken := tmp_path / "broken").mkdir()
    shutil.copy(package / "bootstrap", broken)
    monkeypatch.setenv("EIDER_BIN", str(broken / "bootstrap"))
    assert run("help").returncode == 1 and str(broken / "lib" / "ld-linux") in run("help").stderr


@pytest.mark.timeout(300)  # two packages, on a busy machine
def test_the_same_sources_make_the_same_bytes(package, tmp_path):
    build = tmp_path / "another build"
    build.mkdir()
    for path in (pathlib.Path(binary()), pathlib.Path(binary()).parent / "bootstrap"):
        shutil.copyfile(path, build / path.name)
        (build / path.name).chmod(0o700)
    (build / "libduckdb.so").symlink_to((pathlib.Path(binary()).parent / "libduckdb.so").resolve())
    mask = os.umask(0o077)
    try:
        again = lambda_package.make(build / "eider", [], tmp_path / "again")
    finally:
        os.umask(mask)
    archives = [lambda_package.zipped(made) for made in (package, again)]
    assert archives[0].read_bytes() == archives[1].read_bytes()
    states = [[(str(path.relative_to(made.parent)), path.stat().st_mode, path.stat().st_mtime)
               for path in sorted(made.parent.rglob("*")) if path.suffix != ".zip"] for made in (package, again)]
    assert states[0] == states[1]
    assert (package.parent / "ca-certificates.crt").read_text() == (again.parent / "ca-certificates.crt").read_text()

    said = lambda_package.describe(again, archives[1])
    assert archives[1].stat().st_size <= ZIPPED_BYTES, said
    assert sum(path.stat().st_size for path in lambda_package.files(package)) <= UNZIPPED_BYTES, said
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(archives[0]) as archive:
        assert archive.namelist() == sorted(archive.namelist())
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
        archive.extractall(unpacked)
    assert modes["bootstrap"] == modes["lib/eider"] == 0o755
    for path in lambda_package.files(package):
        assert (unpacked / path.relative_to(package)).read_bytes() == path.read_bytes()


def test_it_tells_nothing_of_the_machine(package):
    for path in (package / "bootstrap", package / "lib" / "eider"):
        program = path.read_bytes()
        for place in (ROOT, pathlib.Path(os.environ["EIDER_CACHE"]), pathlib.Path.home()):
            assert str(place).encode() + b"/" not in program, f"{path.name} holds {place}"


def test_only_what_is_its_own_is_bound_ahead(package):
    assert_only_its_own_is_bound_ahead(bindings(binary()), bindings(package / "bootstrap"))


def test_what_is_missing_is_told_when_it_is_made(package, tmp_path):
    copy = shutil.copytree(package, tmp_path / "package")
    lost = next((copy / "lib").glob("libstdc++*"))
    lost.unlink()
    with pytest.raises(Failure, match=re.escape(lost.name)):
        lambda_package._check(copy)


def test_extensions_come_when_they_are_asked_for(package, tmp_path, monkeypatch):
    assert not (package / "lib" / "extensions").exists()
    asked = [extension_folder() / "sqlite_scanner.duckdb_extension"]
    made = lambda_package.make(pathlib.Path(binary()), asked, tmp_path / "x86_64")
    lake = put_lake(tmp_path / "lake")
    with sqlite3.connect(lake / "app.db") as database:
        database.execute("CREATE TABLE t AS SELECT 42 AS answer")
    (lake / "eider.yaml").write_text("catalogs:\n  app: {type: sqlite, path: app.db}\n")
    monkeypatch.setenv("EIDER_BIN", str(made / "bootstrap"))
    monkeypatch.delenv("EIDER_EXTENSIONS")
    done = run("query", "SELECT answer FROM app.main.t", "--lake", lake, "--format", "csv")
    assert done.stdout.split() == [b"answer", b"42"], done.stderr
    monkeypatch.setenv("EIDER_BIN", str(package / "bootstrap"))
    done = run("query", "SELECT answer FROM app.main.t", "--lake", lake)
    assert done.returncode and "sqlite_scanner" in done.stderr
