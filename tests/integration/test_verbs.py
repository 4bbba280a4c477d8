"""The verbs of the command line: get, datasets, describe, check, schema; what they print and how they exit."""
import json
import os
import pty
import signal
import subprocess

import pytest

from support.eider_server import EiderServer, binary, clean_environment, run
from support.flights import ROWS, write_lake
from support.raw_http import PATIENCE_SECONDS
from support.relations import write


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return write_lake(tmp_path_factory.mktemp("flights"))


TARGETS = [
    "flights.csv?origin=JFK&_sort=-price", "flights.json?_limit=10", "flights.parquet?_columns=id,price",
    "flights.xlsx?_limit=5", "flights.ndjson?delay__isnull", "text.tsv?_columns=id,origin", "flights.csv?_count=1",
    "parts.csv?month=03"
]


@pytest.mark.parametrize("target", TARGETS)
def test_get_writes_what_http_sends(lake, tmp_path, target):
    with EiderServer(lake) as server:
        sent = server.get("/" + target).content
    to_stdout = run("get", "--lake", lake, target)
    assert (to_stdout.returncode, to_stdout.stdout) == (0, sent)
    file = tmp_path / "result"
    to_file = run("get", target, "-o", file, EIDER_LAKE=lake)
    assert (to_file.returncode, to_file.stdout, to_file.stderr, file.read_bytes()) == (0, b"", "", sent)
    assert list(tmp_path.iterdir()) == [file], "nothing is left beside it"


def test_get_takes_a_leading_slash(lake):
    assert run("get", "--lake", lake, "/flights.csv?_count=1").stdout == f"count\r\n{ROWS}\r\n".encode()


def part_of(lake, target, file):
    """A download that was cut: its first half as FILE.part, with the validator of the whole."""
    with EiderServer(lake) as server:
        answer = server.get("/" + target)
    part = file.with_name(file.name + ".part")
    part.write_bytes(answer.content[:len(answer.content) // 2])
    part.with_name(part.name + ".etag").write_text(answer.headers["ETag"] + "\n")
    return answer.content, part


def test_get_goes_on_with_what_is_there(lake, tmp_path):
    target, file = "flights.csv?delay__gte=0", tmp_path / "f.csv"
    whole, part = part_of(lake, target, file)
    mark = part.read_bytes().replace(b"flight", b"FLIGHT")  # what was there is kept, not fetched again
    part.write_bytes(mark)
    assert run("get", "--lake", lake, target, "-o", file).returncode == 0
    assert file.read_bytes() == mark + whole[len(mark):]
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("spoil", ["another etag", "no etag", "longer than the whole"])
def test_get_begins_again_where_the_part_is_of_something_else(lake, tmp_path, spoil):
    target, file = "flights.csv?delay__gte=0", tmp_path / "f.csv"
    whole, part = part_of(lake, target, file)
    etag = part.with_name(part.name + ".etag")
    part.write_bytes(b"x" * len(part.read_bytes()))
    if spoil == "another etag":
        etag.write_text('"other"\n')
    elif spoil == "no etag":
        etag.unlink()
    else:
        part.write_bytes(b"x" * (len(whole) + 5))
    assert run("get", "--lake", lake, target, "-o", file).returncode == 0
    assert file.read_bytes() == whole


def test_a_part_that_is_the_whole_becomes_the_file(lake, tmp_path):
    target, file = "flights.csv?delay__gte=0", tmp_path / "f.csv"
    whole, part = part_of(lake, target, file)
    part.write_bytes(whole)
    assert run("get", "--lake", lake, target, "-o", file).returncode == 0
    assert file.read_bytes() == whole


def test_an_interrupted_get_leaves_a_part_and_no_file(lake, tmp_path):
    """The terminal's Ctrl-C while it waits for a reader of its pipe."""
    file = tmp_path / "fifo"
    os.mkfifo(file.with_name("fifo.part"))
    process = subprocess.Popen([binary(), "get", "--lake", lake, "flights.json", "-o", file], env=clean_environment(),
                               stderr=subprocess.PIPE, text=True)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode in (130, -signal.SIGINT)
    assert not file.exists()


@pytest.mark.parametrize("target, words", [
    ("nothing.csv", ["nothing"]), ("flight.csv", ["'flights'"]), ("flights.csv?colour=red", ["colour", "Columns are"]),
    ("flights.docx", ["docx", "csv"]), ("flights.csv?delay=soon", ["soon", "INTEGER"]), ("../etc/passwd", ["passwd"]),
    ("flights.geojson", ["GeoJSON"]), ("http://127.0.0.1:8080/flights.csv?delay=1", ["NAME.FORMAT", "--lake", "curl"])])
def test_get_says_what_is_wrong(lake, tmp_path, target, words):
    done = run("get", "--lake", lake, target, "-o", tmp_path / "out")
    assert done.returncode == 1 and done.stdout == b""
    assert done.stderr.startswith("eider: ") and all(word in done.stderr for word in words), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_get_to_where_nothing_can_be_written(lake, tmp_path):
    done = run("get", "--lake", lake, "flights.csv", "-o", tmp_path / "no" / "such" / "folder.csv")
    assert done.returncode in (1, 3, 4) and "folder.csv" in done.stderr and "No such file" in done.stderr


def test_get_to_a_full_disk(lake):
    done = run("get", "--lake", lake, "flights.csv?_limit=10", "-o", "/dev/full/x")
    assert done.returncode != 0 and "/dev/full/x" in done.stderr
    with open("/dev/full", "wb") as full:
        process = subprocess.run([binary(), "get", "--lake", lake, "flights.csv"], env=clean_environment(), stdout=full,
                                 stderr=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS)
    assert process.returncode == 4 and "No space left" in process.stderr


def test_get_into_a_closed_pipe_ends_quietly_or_says_so(lake):
    process = subprocess.Popen([binary(), "get", "--lake", lake, "flights.json"],
                               env=clean_environment(),
                               stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE,
                               text=True)
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(PATIENCE_SECONDS) != 0 and "Sanitizer" not in errors


def on_a_terminal(*arguments):
    """What a verb draws on a terminal of its own."""
    leader, follower = pty.openpty()
    process = subprocess.Popen([binary(), *map(str, arguments)],
                               env=clean_environment(),
                               stderr=follower,
                               stdout=subprocess.DEVNULL)
    os.close(follower)
    drawn = b""
    try:
        while data := os.read(leader, 65536):
            drawn += data
    except OSError:  # the other side is closed
        pass
    os.close(leader)
    assert process.wait(PATIENCE_SECONDS) == 0
    return drawn


def test_quiet_draws_nothing_on_a_terminal(lake, tmp_path):
    assert on_a_terminal("get", "--lake", lake, "flights.csv", "-q", "-o", tmp_path / "f.csv") == b""


def test_progress_leaves_a_clean_line(lake, tmp_path):
    drawn = on_a_terminal("get", "--lake", lake, "flights.json", "-o", tmp_path / "f.json")
    assert drawn == b"" or drawn.endswith(b"\r\x1b[K")


# --- datasets, describe, check, schema ---

def test_datasets(lake):
    lines = run("datasets", "--lake", lake).stdout.decode().splitlines()
    assert [line.split()[0] for line in lines] == ["flights", "lines", "parts", "text"]
    listed = json.loads(run("datasets", "--lake", lake, "--json").stdout)
    with EiderServer(lake) as server:
        assert server.get("/datasets").json() == listed


def test_describe(lake):
    text = run("describe", "--lake", lake, "flights").stdout.decode()
    assert "organisation-entity" in text and "DECIMAL(18,2)" in text and "csv" in text
    with EiderServer(lake) as server:
        assert server.get("/flights").json() == json.loads(run("describe", "--lake", lake, "flights", "--json").stdout)
    wrong = run("describe", "--lake", lake, "flight")
    assert wrong.returncode == 1 and "'flights'" in wrong.stderr


def test_check_of_a_good_lake(lake):
    done = run("check", "--lake", lake)
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.decode().splitlines()
    assert len(lines) == 5 and lines[-1] == "4 datasets, 0 broken"


def test_check_names_each_broken_object(tmp_path):
    write("SELECT 1 AS x", tmp_path / "good.parquet")
    whole = write("SELECT i FROM range(10000) AS t(i)", tmp_path / "cut.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[:len(whole) // 2])
    (tmp_path / "empty.parquet").write_bytes(b"")
    write("SELECT 1 AS x", tmp_path / "mixed/a.parquet")
    write("SELECT 'one' AS x", tmp_path / "mixed/b.parquet")
    done = run("check", "--lake", tmp_path)
    lines = {line.split()[1].rstrip(":"): line for line in done.stdout.decode().splitlines()[:-1]}
    assert done.returncode == 1 and done.stdout.decode().splitlines()[-1] == "4 datasets, 3 broken"
    assert lines["good"].startswith("ok")
    assert lines["cut"].startswith("broken") and "cut.parquet" in lines["cut"] and "cut off" in lines["cut"]
    assert "empty.parquet" in lines["empty"] and "zero bytes" in lines["empty"]
    assert "mixed/a.parquet" in lines["mixed"] and "mixed/b.parquet" in lines["mixed"] and "'x'" in lines["mixed"]


def test_schema_is_a_json_schema():
    schema = json.loads(run("schema").stdout)
    assert "$schema" in schema and "datasets" in json.dumps(schema)


@pytest.mark.parametrize("arguments", [[], ["fly"], ["serve", "--nothing"], ["get"], ["get", "--lake"], ["describe"],
                                       ["serve", "--threads", "many"]])
def test_wrong_usage_exits_with_2(arguments):
    done = run(*arguments)
    assert done.returncode == 2 and done.stderr


@pytest.mark.parametrize("arguments, words", [
    (["qurey", "SELECT 1"], ["no 'qurey'. Did you mean 'query'? There are: serve ", "\neider --help says more"]),
    ([], ["a verb is missing. There are: serve "]), (["--lake", "x"], ["a verb is missing"]),
    (["--lake", "x", "datasets"], ["'--lake' stands before the verb"]),
    (["serve", "--lsten", "1"], ["no --lsten. Did you mean '--listen'?", "eider serve --help"]),
    (["describe", "--jsn"], ["no --jsn. Did you mean '--json'?"]), (["describe"], ["NAME", "eider describe --help"]),
    (["query", "SELECT 1", "SELECT 2"], ["'SELECT 2' is one word too many"]),
    (["keys", "ad"], ["no 'ad'. Did you mean 'add'? There are: add list revoke", "eider keys --help"])])
def test_wrong_usage_is_named(arguments, words):
    said = run(*arguments).stderr
    assert said.startswith("eider: ") and all(word in said for word in words), said


def test_what_stands_behind_an_option_that_has_its_word_is_the_verbs(tmp_path):
    done = run("query", "--lake", tmp_path, "--into", "x/", "--partition-by", "a,b", "--param", "[3]",
               "SELECT 1 AS a, 2 AS b, $1 AS c")
    assert done.returncode == 0 and list((tmp_path / "x/a=1/b=2").iterdir()), done.stderr
    assert run("query", "--lake", tmp_path, "--format", "csv", "--param", "3", "--param", "[4]",
               "SELECT $1 AS three, $2 AS text").stdout == b"three,text\r\n3,[4]\r\n"
    added = run("keys", "add", "--dataset", "x", "--dataset", "y", "alice", "--keys", tmp_path / "keys.json")
    assert added.returncode == 0, added.stderr


def test_the_command_line_stands_before_the_environment(lake, tmp_path):
    (tmp_path / "other.csv").write_text("x\n1\n")
    assert run("datasets", "--lake", tmp_path, EIDER_LAKE=lake).stdout.split() == [b"other"]
    assert run("keys", "add", "alice", "--keys", tmp_path / "a.json", EIDER_KEYS_FILE=tmp_path / "b.json").returncode == 0
    assert (tmp_path / "a.json").exists() and not (tmp_path / "b.json").exists()


@pytest.mark.parametrize("options, words", [(["--listen", "nowhere"], ["--listen", "nowhere"]),
                                            (["--listen", "127.0.0.1:99999"], ["99999"]),
                                            (["--memory", "much"], ["--memory", "much"]),
                                            (["--spool-bytes", "0"], ["--spool-bytes"]),
                                            (["--config", "/no/such.yaml"], ["/no/such.yaml"]),
                                            (["--spool-folder", "/no/such/folder"], ["/no/such/folder"])])
def test_wrong_options_are_named_before_anything_is_served(lake, options, words):
    refused = EiderServer(lake, *options).refusal()
    assert refused, "it serves"
    code, text = refused
    assert code in (1, 2) and all(word in text for word in words), text


def test_version_and_help():
    assert run("--version").stdout.decode().strip()
    assert "serve" in run("--help").stdout.decode()
    assert run("help").stdout == run("--help").stdout


def test_a_port_that_is_taken(lake):
    with EiderServer(lake) as server:
        done = run("serve", "--lake", lake, "--listen", f"127.0.0.1:{server.port}")
    assert done.returncode in (1, 3) and str(server.port) in done.stderr and "in use" in done.stderr
    assert "--listen" in done.stderr
