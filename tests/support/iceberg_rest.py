"""A REST catalog of Iceberg over a warehouse that pyiceberg writes: what a reader asks of one.

No server of Iceberg's own comes as a package without a hundred megabytes of Java; this answers as its OpenAPI document
says, with metadata that pyiceberg wrote, and gives out tokens (OAuth2, RFC 6749 section 4.4).
"""
import base64
import contextlib
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pyiceberg.catalog.sql import SqlCatalog

TOKEN_PATH = "/elsewhere/token"


class Catalog:
    """What its clients may do, and what they have done."""

    def __init__(self, warehouse, token):
        self.warehouse = warehouse
        self.tokens = {token} if token else set()
        self.client = None  # (id, secret, scope) that a token is given for
        self.given = []     # the paths at which tokens were given

    def give_token(self, path, authorization, form):
        """To a client that tells its secret in the head or in the body (RFC 6749 section 2.3.1)."""
        if authorization.startswith("Basic "):
            login = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")[::2]
        else:
            login = (form.get("client_id", [""])[0], form.get("client_secret", [""])[0])
        asked = (*login, form.get("scope", [""])[0])
        if form.get("grant_type") != ["client_credentials"] or asked != self.client:
            return 401, {"error": "invalid_client", "error_description": "no"}
        self.given.append(path)
        token = f"given {len(self.given)}"
        self.tokens.add(token)
        return 200, {"access_token": token, "token_type": "bearer", "expires_in": 3600}

    def found(self, path):
        catalog = SqlCatalog("test", uri=f"sqlite:///{self.warehouse}.db", warehouse=f"file://{self.warehouse}")
        match path:
            case ["config"]:
                return {"defaults": {}, "overrides": {}}
            case ["namespaces"]:
                return {"namespaces": [list(name) for name in catalog.list_namespaces()]}
            case ["namespaces", name]:
                return {"namespace": [name], "properties": catalog.load_namespace_properties(name)}
            case ["namespaces", name, "tables"]:
                return {"identifiers": [{"namespace": [name], "name": table[-1]} for table in catalog.list_tables(name)]}
            case ["namespaces", name, "tables", table]:
                loaded = catalog.load_table((name, table))
                return {"metadata-location": loaded.metadata_location, "config": {},
                        "metadata": json.loads(loaded.metadata.model_dump_json(by_alias=True, exclude_none=True))}
        raise LookupError(f"nothing at {path}")


@contextlib.contextmanager
def started(warehouse, token=None, port=0):
    """Its port, and the Catalog; every request but those for a token wants one."""
    state = Catalog(warehouse, token)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.split("?")[0].strip("/").split("/")[1:]
            if self.headers.get("Authorization", "").removeprefix("Bearer ") not in state.tokens:
                return self.answer(401, {"error": {"message": "no", "type": "NotAuthorizedException", "code": 401}})
            try:
                self.answer(200, state.found(path))
            except Exception as error:
                self.answer(404, {"error": {"message": str(error), "type": "NoSuchTableException", "code": 404}})

        do_HEAD = do_GET

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path not in ("/v1/oauth/tokens", TOKEN_PATH):
                return self.answer(404, {})
            self.answer(*state.give_token(self.path, self.headers.get("Authorization", ""), urllib.parse.parse_qs(body)))

        def answer(self, status, body):
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], state
    finally:
        server.shutdown()
        server.server_close()
