"""deploy/lambda as programs read it, as JSON: `PYTHON templates.py FOLDER`, by the Python that deps/python/deploy.txt is for.

    cloudformation    what the SAM template becomes, with the state machine in it
    complaints        cfn-lint's of that
    terraform         all files of FOLDER/terraform as one: kind -> name, or type and name -> its arguments
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"  # the translator asks, and no other place may answer

import cfnlint.decode  # noqa: E402
import hcl2  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402

FOLDER = pathlib.Path(sys.argv[1])


class Policies:
    """SAM's own list of AWS's policies, of which the template uses none."""

    def load(self):
        return {}


def cloudformation():
    template, problems = cfnlint.decode.decode_str((FOLDER / "template.yaml").read_text())
    assert not problems, problems
    template = json.loads(json.dumps(template))
    machines = {}
    for name, resource in template["Resources"].items():
        properties = resource["Properties"]
        for local in {"CodeUri", "DefinitionUri"} & set(properties):  # sam deploy puts them there
            if local == "DefinitionUri":
                machines[name] = json.loads((FOLDER / properties[local]).read_text())
            properties[local] = "s3://uploads/what-sam-has-put-there"
    made = transform(template, {}, Policies())
    for name, definition in machines.items():  # in the template, so that it is looked at
        properties = made["Resources"][name]["Properties"]
        del properties["DefinitionS3Location"]
        properties["Definition"] = definition
    return made


def complaints(template):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "template.json")
        file.write_text(json.dumps(template))
        done = subprocess.run([pathlib.Path(sys.executable).parent / "cfn-lint", "--format", "json", "--include-checks", "I", "--regions",
                               "eu-west-1", "--template", file], stdout=subprocess.PIPE, text=True)
    return [f"{match['Rule']['Id']} {match['Location']['Path']}: {match['Message']}" for match in json.loads(done.stdout)]


def terraform():
    merged = {}
    for file in sorted((FOLDER / "terraform").glob("*.tf")):
        for kind, blocks in plain(hcl2.loads(file.read_text())).items():
            for block in blocks if isinstance(blocks, list) else []:
                named = block.items() if kind in ("variable", "output", "data", "resource") else [("", block)]
                for name, content in named:
                    if kind in ("data", "resource"):
                        (inner, content), = ((key, value) for key, value in content.items())
                        name = f"{name}.{inner}"
                    merged.setdefault(kind, {}).setdefault(name, {}).update(content)
    return merged


def plain(value):
    """Without what the parser tells of its own, and strings without their quotes."""
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


if __name__ == "__main__":
    made = cloudformation()
    print(json.dumps({"cloudformation": made, "complaints": complaints(made), "terraform": terraform()}))
