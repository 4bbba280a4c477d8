"""The OpenAPI document and the API agree: Schemathesis sends what the document allows and what it forbids."""
import subprocess
import sys

import pytest

from support.eider_server import run
from support.raw_http import PATIENCE_SECONDS
from support.relations import write

SEED = 1
EXAMPLES = 10  # of each operation, beside those that cover its document

# Any text is a valid "sql" to a schema, and any name a token; parameters that exclude each other it cannot say. What is too
# long is refused as that. A function's error is answered 200, as Lambda does.
CONFIG = """
[checks.positive_data_acceptance]
enabled = false

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 413, 414, 415, 429, 431, "5xx"]

[[operations]]
include-path-regex = "/functions/"
checks.negative_data_rejection.enabled = false
"""


@pytest.fixture
def lake(tmp_path):
    folder = tmp_path / "lake"
    write("""SELECT i AS id, 'bird ' || i AS name, DATE '2024-01-01' + i::INTEGER AS seen, i / 7.0::DOUBLE AS weight,
             (i / 4)::DECIMAL(9, 2) AS price, i % 2 = 0 AS rare, [i] AS tags, uuid() AS tail FROM range(50) AS r(i)""",
          folder / "birds.parquet")
    (folder / "places.csv").write_text("name,longitude,latitude\nhere,1.5,2.5\nnowhere,,\n")
    return folder


def violations(server, folder, *options):
    """What Schemathesis has to say, or nothing."""
    (folder / "schemathesis.toml").write_text(CONFIG)
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run", server.url + "openapi.json",
         "--seed", str(SEED), "--max-examples", str(EXAMPLES), "--warnings", "off",
         "--generation-database", "none", "--request-timeout", str(PATIENCE_SECONDS), "--no-color", *options],
        cwd=folder, capture_output=True, text=True, timeout=4 * PATIENCE_SECONDS)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_schemathesis_finds_nothing(serve, lake, tmp_path):
    server = serve(lake, "--time-limit", 5, "--client-requests", 0)
    found = violations(server, tmp_path)
    assert not found, found


def test_schemathesis_finds_nothing_where_a_key_is_wanted(serve, lake, tmp_path):
    (lake / "birds.parquet").unlink()
    keys = tmp_path / "keys.json"
    secret = run("keys", "add", "alice", "--keys", keys).stdout.decode().strip()
    (lake / "eider.yaml").write_text("auth: {anonymous: false}\n")
    server = serve(lake, "--keys", keys, "--time-limit", 5, "--client-requests", 0)
    # It sends a second key along, which is refused before it is known whether a dataset bears the name of the path.
    found = violations(server, tmp_path, "--header", f"Authorization: Bearer {secret}", "--phases", "coverage",
                       "--exclude-checks", "unsupported_method")
    assert not found, found
