"""docs/cost.md: what a million invocations of each kind cost, by AWS's list prices and what the bench has measured."""
import dataclasses
import statistics

from downloading.records import LOUD
from invoking import cases, functions

MILLION = 1_000_000
REGION = "us-east-1"
KNOWN = "as published in 2025"
# Dollars. Free tiers, discounts and taxes are left out.
REQUEST = 0.20 / MILLION
GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
DISK_GB_SECOND = 0.0000000309  # beyond 512 MB
STREAMED_GB = 0.008  # beyond the first 6 MB of an answer
FREE_STREAM_BYTES = 6 << 20
STREAM_BYTES_PER_S = 2 << 20  # at which Lambda takes the rest
GET = 0.40 / MILLION
LIST = 5.00 / MILLION
EGRESS_GB = 0.09  # to the internet, first 10 TB of a month
LOG_GB = 0.50
LOG_BYTES = 1_000  # of an invocation: Lambda's three lines and Eider's one
SQS_REQUEST = 0.40 / MILLION
SQS_REQUESTS = 3  # sent, received, deleted; up to ten messages share the latter two
STANDARD_TRANSITION = 0.025 / 1000
EXPRESS_REQUEST = 1.00 / MILLION
EXPRESS_GB_SECOND = 0.00001667
EXPRESS_GB = 64 / 1024
DISK_MB, FREE_DISK_MB = 2048, 512  # EphemeralStorage of deploy/lambda


@dataclasses.dataclass(frozen=True)
class Bill:
    seconds: float  # billed of one invocation
    request: float
    duration: float
    disk: float
    stream: float
    store: float
    logs: float
    egress: float

    @property
    def total(self) -> float:
        return self.request + self.duration + self.disk + self.stream + self.store + self.logs


def bill(kind: "cases.Kind") -> Bill:
    """Of a million. A long stream takes as long as Lambda takes it, whatever the function could do."""
    behind = max(kind.bytes - FREE_STREAM_BYTES, 0) if kind.streamed else 0
    seconds = max(statistics.median(kind.seconds), behind / STREAM_BYTES_PER_S)
    memory_gb = functions.MEMORY_MB / 1024
    return Bill(seconds, MILLION * REQUEST, MILLION * seconds * memory_gb * GB_SECOND["x86_64"],
                MILLION * seconds * (DISK_MB - FREE_DISK_MB) / 1024 * DISK_GB_SECOND, MILLION * behind / 1e9 * STREAMED_GB,
                MILLION * (kind.gets * GET + kind.listings * LIST), MILLION * LOG_BYTES / 1e9 * LOG_GB, MILLION * kind.bytes / 1e9 * EGRESS_GB)


def markdown(run: dict) -> str:
    kinds = run["costs"]
    bills = [(kind, bill(kind)) for kind in kinds]
    lines = ["# What it costs", "",
             f"Written by `./dev bench lambda` on {run['date']}; nobody edits it by hand. Durations, requests and bytes are "
             f"that run's ([bench/LAMBDA.md](../bench/LAMBDA.md) says on what machine), the function held to one core, which "
             f"is what Lambda gives to {functions.MEMORY_MB} MB, and {cases.FAR_MS} ms away from its store. Lambda's processors "
             "are not this one: measure your own with the `REPORT` lines of your log.", "",
             *([] if run["quiet"] else [f"**{LOUD}**", ""]),
             f"The prices are AWS's list prices for {REGION} {KNOWN}, in dollars, from the pricing pages of Lambda, S3, SQS, "
             "Step Functions, CloudWatch and EC2 (data transfer). They were written down from memory of those pages and not "
             "looked up by this run: verify them there before you rely on a number.", "",
             "| price | of |", "|---|---|",
             f"| ${REQUEST * MILLION:.2f} | 1 M invocations |",
             f"| ${GB_SECOND['x86_64']:.10f} | 1 GB-second on x86_64, whole milliseconds from the start of the process; "
             f"on arm64 ${GB_SECOND['arm64']:.10f} |",
             f"| ${DISK_GB_SECOND:.10f} | 1 GB-second of `/tmp` beyond {FREE_DISK_MB} MB |",
             f"| ${STREAMED_GB} | 1 GB streamed beyond the first 6 MB of an answer |",
             f"| ${GET * MILLION:.2f} | 1 M GETs of S3; ${LIST * MILLION:.2f} for 1 M listings; their bytes are free in the region |",
             f"| ${LOG_GB:.2f} | 1 GB of log taken in |",
             f"| ${EGRESS_GB} | 1 GB to the internet, the first 10 TB of a month; nothing within the region |",
             "", "## One million", "",
             "| invocations | seconds each | GETs, listings each | MB each | "
             "requests + duration + `/tmp` + stream + S3 + log | together | to the internet, on top |",
             "|---|---|---|---|---|---|---|"]
    for kind, of in bills:
        parts = " + ".join(f"{value:.2f}" for value in (of.request, of.duration, of.disk, of.stream, of.store, of.logs))
        lines.append(f"| {kind.name} | {of.seconds:.3f} | {kind.gets:.1f}, {kind.listings:.1f} | {kind.bytes / 1e6:.2f} | {parts} | "
                     f"**${of.total:,.2f}** | ${of.egress:,.2f} |")
    kind, of = bills[0]
    memory_gb = functions.MEMORY_MB / 1024
    lines += ["", f"The arithmetic, for \"{kind.name}\":", "",
              f"- duration: 1,000,000 x {of.seconds:.4f} s x {memory_gb:.4f} GB x ${GB_SECOND['x86_64']:.10f} = "
              f"${of.duration:.2f}",
              f"- `/tmp`: 1,000,000 x {of.seconds:.4f} s x {(DISK_MB - FREE_DISK_MB) / 1024:.1f} GB x ${DISK_GB_SECOND:.10f} = "
              f"${of.disk:.4f}",
              f"- S3: 1,000,000 x ({kind.gets:.2f} x ${GET:.7f} + {kind.listings:.2f} x ${LIST:.6f}) = ${of.store:.2f}",
              f"- log: 1,000,000 x {LOG_BYTES:,} bytes = 1 GB = ${of.logs:.2f}",
              f"- invocations: ${of.request:.2f}; together ${of.total:.2f}",
              "- stream: what an answer has beyond 6 MiB, at the price of 1 GB. Lambda takes it at 2 MiB/s, so an answer of N "
              "MiB lasts at least (N - 6) / 2 s, and that is billed: the long rows above are made of it. A client that "
              "asks for `Accept-Encoding: zstd` or parquet pays a part of it.", "",
              "On arm64 the duration costs four fifths.", "",
              "## Beside the invocations", "", "| what | costs |", "|---|---|",
              f"| an event of an object, through the queue | {SQS_REQUESTS} requests of SQS at most: "
              f"${SQS_REQUEST * SQS_REQUESTS * MILLION:.2f} for 1 M, besides the invocation |",
              f"| a backfill of 1 M objects | 1 M executions of Express ${EXPRESS_REQUEST * MILLION:.2f}, their time "
              f"(64 MB, 0.1 s each) 1,000,000 x 0.1 s x {EXPRESS_GB} GB x ${EXPRESS_GB_SECOND:.8f} = "
              f"${MILLION * 0.1 * EXPRESS_GB * EXPRESS_GB_SECOND:.2f}, a transition for each "
              f"${STANDARD_TRANSITION * MILLION:.2f}, besides the invocations |",
              "| nobody asks | five alarms at $0.10 and one metric at $0.30 a month: $0.80; the objects in S3; nothing else |", ""]
    return "\n".join(lines)
