"""Real S3 servers for tests, each on a free port of 127.0.0.1 with an empty folder of its own.

    with started("minio") as server:
        server.client().create_bucket(Bucket="lake")
        subprocess.run([...], env={**os.environ, **server.environment()})

`./dev test` installs them and says in EIDER_VERSITYGW, EIDER_MINIO and EIDER_S3PROXY where they are.
"""
import contextlib
import dataclasses
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator

ACCESS_KEY = "testkey"
SECRET_KEY = "testsecret123"
START_SECONDS = 60  # a JVM on a busy machine


@dataclasses.dataclass
class S3Server:
    name: str
    endpoint: str
    region: str
    certificate: pathlib.Path | None = None  # to trust, when the endpoint is https://
    without: tuple[str, ...] = ()  # what the server lacks, as object_conformance_s3 names it

    def environment(self) -> dict[str, str]:
        """AWS's own variables, which Eider and boto3 read alike."""
        values = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "AWS_REGION": self.region,
                  "AWS_ENDPOINT_URL": self.endpoint, "AWS_EC2_METADATA_DISABLED": "true"}
        return values | ({"AWS_CA_BUNDLE": str(self.certificate)} if self.certificate else {})

    def client(self):
        import boto3
        import botocore.config
        return boto3.client("s3", endpoint_url=self.endpoint, region_name=self.region, aws_access_key_id=ACCESS_KEY,
                            aws_secret_access_key=SECRET_KEY, verify=str(self.certificate) if self.certificate else None,
                            config=botocore.config.Config(s3={"addressing_style": "path"}))


@dataclasses.dataclass
class Plan:
    """How to start one kind of server."""
    command: list[str]
    environment: dict[str, str]
    health: str
    region: str
    without: tuple[str, ...] = ()


def program(name: str) -> pathlib.Path:
    variable = f"EIDER_{name.upper()}"
    found = pathlib.Path(os.environ.get(variable, ""))
    if not os.environ.get(variable) or not found.exists():
        raise FileNotFoundError(f"{variable} does not say where {name} is. ./dev test installs it and sets it.")
    return found


def _versitygw(folder: pathlib.Path, port: int, tls: bool = False) -> Plan:
    for name in ("data", "accounts"):
        (folder / name).mkdir()
    certificate = ["--cert", folder / "certificate.pem", "--key", folder / "key.pem"] if tls else []
    # Without --keep-alive each response closes its connection; without --iam-dir an unknown key gets 404.
    command = [program("versitygw"), "--port", f"127.0.0.1:{port}", "--keep-alive", "--health", "/health", "--quiet",
               "--iam-dir", folder / "accounts", "--region", "eu-west-1", *certificate, "posix", folder / "data"]
    return Plan(list(map(str, command)), {"ROOT_ACCESS_KEY": ACCESS_KEY, "ROOT_SECRET_KEY": SECRET_KEY}, "/health",
                "eu-west-1", without=("session-tokens",))


def _minio(folder: pathlib.Path, port: int) -> Plan:
    command = [program("minio"), "server", folder / "data", "--address", f"127.0.0.1:{port}", "--quiet"]
    environment = {"MINIO_ROOT_USER": ACCESS_KEY, "MINIO_ROOT_PASSWORD": SECRET_KEY, "MINIO_BROWSER": "off",
                   "MINIO_UPDATE": "off", "MINIO_SITE_REGION": "eu-west-1"}
    return Plan(list(map(str, command)), environment, "/minio/health/cluster", "eu-west-1")  # live is answered before it serves


def _s3proxy(folder: pathlib.Path, port: int) -> Plan:
    (folder / "data").mkdir()
    (folder / "logback.xml").write_text('<configuration><root level="off"/></configuration>')
    (folder / "s3proxy.conf").write_text(f"""
s3proxy.endpoint=http://127.0.0.1:{port}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity={ACCESS_KEY}
s3proxy.credential={SECRET_KEY}
jclouds.provider=filesystem-nio2
jclouds.filesystem.basedir={folder}/data
""")
    command = ["java", "-Xmx256m", f"-Dlogback.configurationFile={folder}/logback.xml", "-cp", f"{program('s3proxy')}/*",
               "org.gaul.s3proxy.Main", "--properties", folder / "s3proxy.conf"]
    return Plan(list(map(str, command)), {}, "/healthz", "us-east-1", without=("regions", "session-tokens"))


PLANS: dict[str, Callable[[pathlib.Path, int], Plan]] = {
    "versitygw": _versitygw, "minio": _minio, "s3proxy": _s3proxy,
    "versitygw-tls": lambda folder, port: _versitygw(folder, port, tls=True)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(folder: pathlib.Path) -> pathlib.Path:
    """A certificate for localhost that is its own authority, and key.pem beside it."""
    certificate = folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key.pem",
                    "-out", certificate], check=True, capture_output=True)
    return certificate


def _answers(endpoint: str, health: str, certificate: pathlib.Path | None) -> bool:
    trust = ssl.create_default_context(cafile=certificate) if certificate else None
    try:
        with urllib.request.urlopen(endpoint + health, timeout=2, context=trust):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500  # it speaks HTTP, and is up
    except OSError:
        return False


@contextlib.contextmanager
def running(command: list, folder: pathlib.Path, environment: dict[str, str],
            is_ready: Callable[[], bool]) -> Iterator[None]:
    """Runs a server in its folder, with its output in the file log there, from when it is ready until the block ends."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        give_up = time.monotonic() + START_SECONDS
        while not is_ready():
            if process.poll() is not None or time.monotonic() > give_up:
                said = (folder / "log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{pathlib.Path(command[0]).name} did not start:\n{said}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def started(name: str) -> Iterator[S3Server]:
    """Runs the server until the block ends."""
    with tempfile.TemporaryDirectory(prefix=f"eider-{name}-") as made:
        folder = pathlib.Path(made)
        port = free_port()
        certificate = make_certificate(folder) if name.endswith("-tls") else None
        plan = PLANS[name](folder, port)
        endpoint = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        with running(plan.command, folder, {**os.environ, **plan.environment},
                     lambda: _answers(endpoint, plan.health, certificate)):
            yield S3Server(name, endpoint, plan.region, certificate, plan.without)
