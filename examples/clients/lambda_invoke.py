"""A client of a query engine on AWS Lambda, pointed at Eider by `endpoint_url`."""
import json
import sys

import boto3

SERVER = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"

# Any name and any keys will do: Eider looks at neither.
client = boto3.client("lambda", endpoint_url=SERVER, region_name="us-east-1", aws_access_key_id="any",
                      aws_secret_access_key="any")
question = {"q": "SELECT origin, count(*) AS n FROM flights GROUP BY origin ORDER BY origin", "limit": 2}

answer = json.loads(client.invoke(FunctionName="eider", Payload=json.dumps(question))["Payload"].read())
print(answer["data"]["records"], "in", answer["metadata"]["timeMs"], "ms")

refused = client.invoke(FunctionName="eider", Payload=json.dumps({"q": "SELECT nothing FROM nowhere"}))
print(refused["FunctionError"], json.loads(refused["Payload"].read())["errorType"])

stream = client.invoke_with_response_stream(FunctionName="eider", Payload=json.dumps(question))["EventStream"]
text = b"".join(event["PayloadChunk"]["Payload"] for event in stream if "PayloadChunk" in event)
assert json.loads(text)["data"] == answer["data"]
