"""Real database servers on free ports of 127.0.0.1, with a reader whose password is PASSWORD.

    with databases.postgres(sql) as server:
        server.port, server.stop(), server.start()
"""
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from support.s3_servers import START_SECONDS, free_port

PASSWORD = "gehe'im \"§1"  # with what must be quoted everywhere


class Server:
    """A program that listens on `port`; it may be stopped and started again. `ready` is a command that succeeds once the
    server takes questions, where it listens before it does."""

    def __init__(self, command, port, folder, user, ready=None):
        self.port = port
        self._ready = ready
        self._command, self._log, self._user = command, folder / "log", user
        self._process = None

    def start(self):
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=subprocess.STDOUT, user=self._user)
        give_up = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"{self._command[0]} did not start:\n{self._log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)

    def stop(self):
        if self._process.poll() is None:
            self._process.send_signal(3)  # SIGQUIT ends PostgreSQL at once; MariaDB ends in order
        self._process.wait(30)

    def _answers(self):
        if self._ready:
            return subprocess.run(self._ready).returncode == 0
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


@contextlib.contextmanager
def _running(server):
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _postgres_program(name):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or str(found[-1])


@contextlib.contextmanager
def postgres(sql):
    """Has the database shop, made by `sql`, and a user reader."""
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    with tempfile.TemporaryDirectory(prefix="eider-postgres-") as name:
        folder, data = pathlib.Path(name), pathlib.Path(name, "data")
        secret = folder / "password"
        secret.write_text(PASSWORD + "\n")
        if user:
            for path in (folder, secret):
                shutil.chown(path, user)
        subprocess.run([_postgres_program("initdb"), "-D", data, "-U", "owner", "-A", "scram-sha-256", "--pwfile", secret,
                        "--no-sync", "-E", "UTF8", "--locale", "C"], user=user, check=True, stdout=subprocess.DEVNULL)
        port = free_port()
        server = Server([_postgres_program("postgres"), "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", "",
                         "-c", "fsync=off"], port, folder, user,
                        ready=[_postgres_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)])
        with _running(server):
            quoted = PASSWORD.replace("'", "''")
            server.run = lambda text, database="shop": subprocess.run(
                ["psql", "-q", "-h", "127.0.0.1", "-p", str(port), "-U", "owner", "-d", database, "-v", "ON_ERROR_STOP=1"],
                input=text, text=True, check=True, capture_output=True, env={**os.environ, "PGPASSWORD": PASSWORD})
            server.run("CREATE DATABASE shop", "postgres")
            server.run(f"{sql}; CREATE USER reader PASSWORD '{quoted}'; GRANT pg_read_all_data TO reader;")
            yield server


@contextlib.contextmanager
def mariadb(sql):
    """Has the database shop, made by `sql`, and a user reader."""
    program = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
    with tempfile.TemporaryDirectory(prefix="eider-mariadb-") as name:
        folder = pathlib.Path(name)
        own = ["--no-defaults", f"--datadir={folder}/data", f"--pid-file={folder}/pid"]
        if os.geteuid() == 0:
            own.append("--user=root")
        # What mariadb-install-db does, which wants more packages than the server.
        (folder / "data" / "mysql").mkdir(parents=True)
        scripts = [pathlib.Path("/usr/share/mysql", f"{name}.sql").read_text(encoding="utf-8") for name in
                   ("mysql_system_tables", "mysql_performance_tables", "mysql_system_tables_data")]
        subprocess.run([program, *own, "--bootstrap", "--log-warnings=0"], check=True, text=True, capture_output=True,
                       input="\n".join(["USE mysql;", "SET @auth_root_socket=NULL;", *scripts]))
        quoted = PASSWORD.replace("'", "''")
        first = folder / "first.sql"
        first.write_text(f"CREATE DATABASE IF NOT EXISTS shop;\nUSE shop;\n{sql};\n"
                         f"CREATE USER IF NOT EXISTS reader@'127.0.0.1' IDENTIFIED BY '{quoted}';\n"
                         "GRANT SELECT ON shop.* TO reader@'127.0.0.1';\n")
        port = free_port()
        server = Server([program, *own, f"--init-file={first}", "--bind-address=127.0.0.1", f"--port={port}",
                         f"--socket={folder}/socket", "--skip-name-resolve", "--innodb-buffer-pool-size=16M",
                         "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"], port, folder, None)
        with _running(server):
            yield server
