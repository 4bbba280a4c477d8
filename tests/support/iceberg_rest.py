"""A REST catalog of Iceberg over a warehouse that pyiceberg writes: what a reader asks of one.

No server of Iceberg's own comes as a package without a hundred megabytes of Java; this answers as its OpenAPI document
says, with metadata that pyiceberg wrote.
"""
import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pyiceberg.catalog.sql import SqlCatalog


@contextlib.contextmanager
def started(warehouse, token, port=0):
    """Its port; every request wants the token."""
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            path = self.path.split("?")[0].strip("/").split("/")[1:]
            if self.headers.get("Authorization") != f"Bearer {token}":
                return self.answer(401, {"error": {"message": "no", "type": "NotAuthorizedException", "code": 401}})
            try:
                self.answer(200, self.found(path))
            except Exception as error:
                self.answer(404, {"error": {"message": str(error), "type": "NoSuchTableException", "code": 404}})

        do_HEAD = do_GET

        def found(self, path):
            catalog = SqlCatalog("test", uri=f"sqlite:///{warehouse}.db", warehouse=f"file://{warehouse}")
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
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
