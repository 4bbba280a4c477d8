"""eider.schema.json, which editors check eider.yaml with: it is a schema, and it takes and refuses what the program does."""
import json
import pathlib

import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = pathlib.Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "src/catalog/eider.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


def test_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_takes_the_example():
    VALIDATOR.validate(yaml.safe_load((ROOT / "examples/eider.yaml").read_text()))


def test_its_own_examples_are_valid():
    properties = SCHEMA["$defs"]["dataset"]["properties"]
    shown = [(key, example) for key, value in properties.items() for example in value.get("examples", [])]
    assert shown
    for key, example in shown:
        VALIDATOR.validate({"datasets": {"sample": {key: example}}})


@pytest.mark.parametrize("text", ["", "lake:", "datasets:", "datasets: {plain: }", "datasets: {a: {filters: []}}",
                                  "limits: {anonymous: {requests_per_second: 0.5, burst: 3, concurrency: 2, rows: 10}}",
                                  "limits: {keys: {bytes: 10MB, time: 30s}}", "limits: {keys: }",
                                  "auth: {anonymous: false}", "server: {keys: /k, tls_cert: /c, tls_key: /k}", "catalogs: ",
                                  "catalogs: {a: {type: postgres, host: h, port: 1, password_env: EIDER_CATALOG_A}}",
                                  "catalogs: {a: {type: ducklake, path: m.ducklake, data_path: d, access: key}}",
                                  "catalogs: {a: {type: iceberg, path: w, endpoint: 'https://127.0.0.1/x', database: w}}"])
def test_takes(text):
    VALIDATOR.validate(yaml.safe_load(text))


@pytest.mark.parametrize("text", [
    "dataset: {}",
    "lake: {titel: x}",
    "datasets: {a b: {}}",
    "datasets: {a: {discription: x}}",
    "datasets: {a: {max_rows: many}}",
    "datasets: {a: {max_rows: 0}}",
    "datasets: {a: {columns: date}}",
    "datasets: {a: {columns: []}}",
    "datasets: {a: {columns: [b, b]}}",
    "datasets: {a: {access: 'role:x'}}",
    "datasets: {a: {glob: x.csv, objects: [x.csv]}}",
    "datasets: [a]",
    "auth: {anonymous: maybe}",
    "auth: {keys: {alice: my-secret}}",
    "limits: {anonymous: {rows: 0}}",
    "limits: {anonymous: {time: 30}}",
    "limits: {everyone: {rows: 1}}",
    "server: {key: /k}",
    "catalogs: {a: {path: x.db}}",
    "catalogs: {a: {type: sqlite}}",
    "catalogs: {a-b: {type: sqlite, path: x.db}}",
    "catalogs: {a: {type: oracle, host: h}}",
    "catalogs: {a: {type: postgres, host: h, password: geheim}}",
    "catalogs: {a: {type: postgres, host: h, password_env: HOME}}",
    "catalogs: {a: {type: mysql, host: h, path: x}}",
    "catalogs: {a: {type: sqlite, path: x.db, host: h}}",
])
def test_refuses(text):
    assert list(VALIDATOR.iter_errors(yaml.safe_load(text)))
