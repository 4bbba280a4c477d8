"""deploy/lambda, offline: the SAM template is one that CloudFormation takes, the Terraform module is the same system, and
what they start understands what they send."""
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess

import duckdb
import pytest

from support.eider_server import run

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "lambda"
READER = pathlib.Path(__file__).resolve().parents[1] / "support" / "templates.py"
# What Lambda writes at the end of an invocation, tabs and all.
REPORT = ("REPORT RequestId: 8f5e29a4-3d0c-4e6f-b6f7-0c6f8f0d1c53\tDuration: 41.27 ms\tBilled Duration: 78 ms\t"
          "Memory Size: 1769 MB\tMax Memory Used: 112 MB\tInit Duration: 36.12 ms\t")


def read(folder):
    done = subprocess.run([os.environ["EIDER_DEPLOY_PYTHON"], READER, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def system():
    return read(FOLDER)


@pytest.fixture(scope="module")
def sam(system):
    return system["cloudformation"]["Resources"]


@pytest.fixture(scope="module")
def terraform(system):
    return system["terraform"]


def test_cloudformation_takes_the_template(system):
    assert system["complaints"] == []


@pytest.mark.parametrize("file, right, wrong, said", [
    ("template.yaml", "InvokeMode: RESPONSE_STREAM", "InvokeMode: STREAM", "FunctionUrl"),
    ("template.yaml", "FunctionResponseTypes: [Report", "FunctionResponseType: [Report", "FunctionResponseType"),
    ("backfill.asl.json", '"StartAt": "Object",', '"StartAt": "Nothing",', "'Nothing'")])
def test_a_mistake_is_found(tmp_path, file, right, wrong, said):
    folder = shutil.copytree(FOLDER, tmp_path / "lambda")
    text = (folder / file).read_text()
    assert right in text
    (folder / file).write_text(text.replace(right, wrong))
    try:
        complaints = read(folder)["complaints"]
    except AssertionError as refused:  # by SAM's translator
        complaints = [str(refused)]
    assert any(said in complaint for complaint in complaints), complaints


# --- two descriptions of one system ---

def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def resolved(value):
    """A name as it will be, with PLACEHOLDERS for what only AWS knows, whichever of the two spells it."""
    if isinstance(value, dict):
        (kind, of), = value.items()
        return resolved(f"${{{of}}}" if kind == "Ref" else of)
    for pattern, known in ((r"\$\{(Name|var\.name)\}", "eider"), (r"\$\{(AWS::AccountId|local\.account)\}", "ACCOUNT"),
                           (r"\$\{(AWS::Region|local\.region)\}", "REGION"),
                           (r"\$\{(AWS::Partition|local\.partition)\}", "PARTITION")):
        value = re.sub(pattern, known, value)
    return value


def of_type(sam, kind):
    return {name: resource["Properties"] for name, resource in sam.items() if resource["Type"] == kind}


def of_kind(terraform, kind):
    return {name.removeprefix(f"{kind}."): block for name, block in terraform["resource"].items()
            if name.startswith(f"{kind}.")}


def test_the_same_parameters_and_outputs(system, terraform):
    parameters = {snake(name): parameter["Default"] for name, parameter in
                  system["cloudformation"]["Parameters"].items()}
    variables = {name: variable.get("default") for name, variable in terraform["variable"].items() if name != "package"}
    assert {**parameters, "object_events": parameters["object_events"] == "true"} == variables
    assert set(map(snake, system["cloudformation"]["Outputs"])) == set(terraform["output"])


@pytest.mark.parametrize("kind, attribute, resource, argument", [
    ("AWS::S3::Bucket", "BucketName", "aws_s3_bucket", "bucket"),
    ("AWS::SQS::Queue", "QueueName", "aws_sqs_queue", "name"),
    ("AWS::IAM::Role", "RoleName", "aws_iam_role", "name"),
    ("AWS::Logs::LogGroup", "LogGroupName", "aws_cloudwatch_log_group", "name"),
    ("AWS::Logs::MetricFilter", "FilterPattern", "aws_cloudwatch_log_metric_filter", "pattern"),
    ("AWS::StepFunctions::StateMachine", "StateMachineName", "aws_sfn_state_machine", "name"),
    ("AWS::CloudWatch::Alarm", "AlarmName", "aws_cloudwatch_metric_alarm", "alarm_name")])
def test_the_same_names(sam, terraform, kind, attribute, resource, argument):
    ours = {snake(name): resolved(properties[attribute]) for name, properties in of_type(sam, kind).items()}
    theirs = {name: resolved(block[argument]).replace('\\"', '"') for name, block in of_kind(terraform, resource).items()}
    assert ours and ours == theirs


def test_the_same_alarms(sam, terraform):
    told = ("Threshold", "AlarmDescription", "Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods",
            "ComparisonOperator", "TreatMissingData")
    ours = {snake(name): [alarm.get(key) for key in told] for name, alarm in of_type(sam, "AWS::CloudWatch::Alarm").items()}
    theirs = {name: [alarm.get(snake(key)) for key in told] for name, alarm in
              of_kind(terraform, "aws_cloudwatch_metric_alarm").items()}
    assert ours == theirs and len(ours) == 5


def test_the_same_function(sam, terraform):
    function, = of_type(sam, "AWS::Lambda::Function").values()
    module = of_kind(terraform, "aws_lambda_function")["function"]
    assert (function["Runtime"], function["Handler"]) == (module["runtime"], module["handler"])
    assert function["EphemeralStorage"]["Size"] == module["ephemeral_storage"][0]["size"]
    assert set(function["Environment"]["Variables"]) == set(module["environment"][0]["variables"])
    url, = of_type(sam, "AWS::Lambda::Url").values()
    other = of_kind(terraform, "aws_lambda_function_url")["function_url"]
    assert url["InvokeMode"] == other["invoke_mode"] == "RESPONSE_STREAM"
    objects, = of_type(sam, "AWS::Lambda::EventSourceMapping").values()
    other = of_kind(terraform, "aws_lambda_event_source_mapping")["objects"]
    assert objects["FunctionResponseTypes"] == other["function_response_types"] == ["ReportBatchItemFailures"]
    assert objects["BatchSize"] == other["batch_size"]
    assert objects["ScalingConfig"]["MaximumConcurrency"] == other["scaling_config"][0]["maximum_concurrency"]
    for name, queue in of_type(sam, "AWS::SQS::Queue").items():
        other = of_kind(terraform, "aws_sqs_queue")[snake(name)]
        assert queue["MessageRetentionPeriod"] == other["message_retention_seconds"]
        assert queue.get("VisibilityTimeout") == other.get("visibility_timeout_seconds")
    assert of_type(sam, "AWS::SQS::Queue")["Queue"]["RedrivePolicy"]["maxReceiveCount"] == 5
    assert "maxReceiveCount = 5" in of_kind(terraform, "aws_sqs_queue")["queue"]["redrive_policy"]


def statements(policy):
    return {statement["Sid"]: statement for statement in policy["PolicyDocument"]["Statement"]}


def listed(value):
    return sorted(value if isinstance(value, list) else [value])


def test_the_same_permissions_and_no_more_than_it_takes(sam, terraform):
    for role, document in (("FunctionRole", "function"), ("BackfillRole", "backfill")):
        policy, = sam[role]["Properties"]["Policies"]
        module = terraform["data"][f"aws_iam_policy_document.{document}"]["statement"]
        ours = {sid: listed(statement["Action"]) for sid, statement in statements(policy).items()}
        assert ours == {statement["sid"]: listed(statement["actions"]) for statement in module}
        assert not any("*" in action for actions in ours.values() for action in actions)
        resources = [*(statement["Resource"] for statement in statements(policy).values()),
                     *(place for statement in module for place in statement["resources"])]
        assert not any(resource in ("*", ["*"]) for resource in resources)
        assert all(statement["Effect"] == "Allow" for statement in statements(policy).values())
    writes = [statement for statement in statements(sam["FunctionRole"]["Properties"]["Policies"][0]).values()
              if "s3:PutObject" in statement["Action"]]
    assert [statement["Resource"] for statement in writes] == [{"Fn::Sub": "${Bucket.Arn}/_results/*"}]


# --- what it sends and says ---

def of_item(template, item, context):
    """Step Functions' ItemSelector for one object of a listing."""
    if isinstance(template, dict):
        return {key.removesuffix(".$"): of_path(value, item, context) if key.endswith(".$") else
                of_item(value, item, context) for key, value in template.items()}
    return template.replace("${Bucket}", "eider-lake") if isinstance(template, str) else template


def of_path(path, item, context):
    if found := re.fullmatch(r"\$\$\.Map\.Item\.Value\.(\w+)", path):
        return item[found[1]]
    return context[path]


def test_a_backfill_sends_events_that_the_function_understands(tmp_path):
    machine = json.loads((FOLDER / "backfill.asl.json").read_text())["States"]["Objects"]
    item = {"Etag": '"d41d8cd98f00b204e9800998ecf8427e"', "Key": "flights/year=2026/part+1 %41.parquet",
            "LastModified": 1795312923, "Size": 1048576, "StorageClass": "STANDARD"}
    event = of_item(copy.deepcopy(machine["ItemSelector"]), item, {
        "States.Format('{}-{}', $$.Execution.Name, $$.Map.Item.Index)": "run-0",
        "$$.Execution.StartTime": "2026-11-22T01:02:03.456Z"})
    (tmp_path / "event.json").write_text(json.dumps(event))
    (tmp_path / "lake").mkdir()
    duckdb.sql("SELECT 1 AS x").write_parquet(str(tmp_path / "lake" / "x.parquet"))
    done = run("invoke", "--local", tmp_path / "event.json", "--lake", tmp_path / "lake")
    answer = json.loads(done.stdout)
    assert answer["errorType"] == "NothingConfigured"
    assert "created s3://eider-lake/flights/year=2026/part+1 %41.parquet" in answer["errorMessage"]


def test_the_memory_that_lambda_tells_of_becomes_a_metric(sam):
    memory, = of_type(sam, "AWS::Logs::MetricFilter").values()
    names = memory["FilterPattern"].strip("[]").split(", ")
    assert names.pop() == "..."
    words = dict(zip(names, re.split(r"[ \t]+", REPORT)))
    for condition in [name for name in words if "=" in name]:
        name, wanted = condition.split("=")
        assert words[condition] == wanted.strip('"')
    value, = memory["MetricTransformations"]
    assert words[value["MetricValue"].lstrip("$")] == "112"
    assert words["size"] == "1769"
