"""eider query on a terminal: its shell, its tables, its progress bar."""
import os
import signal
import socket
import stat
import subprocess

import duckdb
import pytest

from support import table_folders
from support.eider_server import binary, clean_environment, extension_folder
from support.raw_http import PATIENCE_SECONDS
from support.terminal import Terminal

SLOW = "SELECT count(*) FROM range(100000) a, range(100000) b, range(100000) c WHERE a.range + b.range + c.range = 7"

RUNS = r"\d\.\d s"  # its progress


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("lake")
    (root / "birds.csv").write_text("id,name,wing_span\n1,eider,1.0\n2,smew,0.6\n")
    duckdb.sql("SELECT range AS number, md5(range::VARCHAR) AS hash FROM range(1000)").write_parquet(
        str(root / "numbers.parquet"))
    return root


@pytest.fixture
def shell(folder, tmp_path):
    terminals = []

    def start(*options, **terminal):
        opened = Terminal([binary(), "query", "--lake", folder, *options], clean_environment(HOME=tmp_path), **terminal)
        terminals.append(opened)
        return opened

    yield start
    for opened in terminals:
        opened.__exit__()


def test_statements_are_answered_until_the_end(shell, tmp_path):
    terminal = shell()
    terminal.wait_for("eider> ")
    terminal.type("SELECT name\n")
    terminal.wait_for(r"\.\.\.> ")
    terminal.type("FROM birds WHERE id = 1;\n")
    assert "eider\r\n1 row, " in terminal.wait_for(" ms")
    terminal.wait_for("eider> ")
    terminal.type("SELECT nam FROM birds;\n")
    assert "name" in terminal.wait_for("eider> ")
    terminal.type(".datasets\n")
    assert "birds\r\nnumbers\r\n" in terminal.wait_for("eider> ")
    terminal.type(".describe birds\n")
    assert "wing_span  DOUBLE" in terminal.wait_for("eider> ")
    terminal.type(".cost SELECT 1\n")
    assert '"requests":0' in terminal.wait_for("eider> ")
    terminal.type(".datasetz\n")
    assert "Did you mean '.datasets'?" in terminal.wait_for("eider> ")
    terminal.type("\x04")
    assert terminal.wait() == 0
    history = tmp_path / ".local/state/eider/history"
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    again = shell()
    again.wait_for("eider> ")
    again.type("\x1b[A\x1b[A\x1b[A\x1b[A\x1b[A\n")  # five entries back
    again.wait_for("nam FROM birds")


def test_names_are_completed(shell):
    terminal = shell()
    terminal.wait_for("eider> ")
    terminal.type("select win\t")  # no dataset is named yet, so no column is known
    terminal.type("\x15")
    terminal.type("sel\tnumber FROM numb\tWHERE has\t= '0' OR numb\t< 3;\n")  # select, numbers, hash, number
    assert "number\r\n------\r\n     0\r\n" in terminal.wait_for("3 rows")


def test_tables_of_catalogs_are_completed(tmp_path):
    table_folders.sqlite(tmp_path / "app.db")
    (tmp_path / "eider.yaml").write_text("catalogs: {app: {type: sqlite, path: app.db}, gone: {type: sqlite, path: no.db}}\n")
    environment = clean_environment(HOME=tmp_path, EIDER_EXTENSIONS=extension_folder())
    with Terminal([binary(), "query", "--lake", tmp_path], environment) as terminal:
        terminal.wait_for("eider> ")
        terminal.type("select max(name) as m from ap\t\tWHERE nam\t= 'bird 1';\n")  # app. and app.main.birds, then name
        assert "m\r\n------\r\nbird 1\r\n" in terminal.wait_for("1 row")
        terminal.type("select 1 from gone.\t\x15select 7 AS n;\n")
        terminal.wait_for("1 row")


def test_ctrl_c_ends_the_statement_and_not_the_shell(shell):
    terminal = shell()
    terminal.wait_for("eider> ")
    terminal.type(f"{SLOW};\n")
    terminal.wait_for(RUNS)
    terminal.type("\x03")
    assert "cancelled" in terminal.wait_for("eider> ")
    terminal.type("SELECT unfinished")
    terminal.wait_for("unfinished")
    terminal.type("\x03")
    terminal.wait_for("eider> ")
    terminal.type("SELECT 6 * 7 AS answer;\n")
    assert "42" in terminal.wait_for("1 row")
    terminal.wait_for("eider> ")
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.wait() == 130


@pytest.mark.parametrize("typed", ["FROM birds;", ".describe birds", ".cost FROM birds"])
def test_ctrl_c_ends_what_waits_for_the_lake(tmp_path, typed):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE_SECONDS)
        lake = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with Terminal([binary(), "query", "--lake", lake], clean_environment(HOME=tmp_path)) as terminal:
            terminal.wait_for("eider> ")
            terminal.type(f"{typed}\n")
            with silent.accept()[0]:
                terminal.type("\x03")
                assert "Stopped before" in terminal.wait_for("eider> ")
                terminal.type("SELECT 6 * 7 AS answer;\n")
                assert "42" in terminal.wait_for("1 row")


def test_a_table_fits_the_terminal(shell):
    terminal = shell("SELECT repeat('x', 300) AS wide, 'last' AS name", columns=50)
    assert terminal.wait() == 0
    lines = terminal.text.replace("\r", "").splitlines()
    assert max(map(len, lines)) <= 50 and "…  last" in lines[2]


def test_a_query_that_takes_long_shows_how_far_it_is(shell):
    terminal = shell(SLOW)
    terminal.wait_for(RUNS)
    terminal.type("\x03")
    assert terminal.wait() == 130
    assert terminal.text.endswith("\r\x1b[Keider: cancelled\r\n")


def test_without_a_terminal_to_answer_on_there_is_no_shell(folder):
    ours, theirs = os.openpty()
    out = os.memfd_create("out")  # no terminal
    done = subprocess.run([binary(), "query", "--lake", folder], stdin=theirs, stdout=out, stderr=subprocess.PIPE,
                          env=clean_environment(), timeout=60)
    for descriptor in (ours, theirs, out):
        os.close(descriptor)
    assert done.returncode == 1 and b"no SQL" in done.stderr
