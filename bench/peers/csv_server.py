"""What the two Python peers have in common: GET /DATASET.csv?column=value over HTTP/1.1, streamed in chunks."""
import http.server
import pathlib
import sys
import urllib.parse
from collections.abc import Callable, Iterator

BATCH_ROWS = 10_000

Rows = Callable[[pathlib.Path, dict[str, str]], Iterator[str]]


def serve(csv_pieces: Rows) -> None:
    lake, port = pathlib.Path(sys.argv[1]), int(sys.argv[2])

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urllib.parse.urlsplit(self.path)
            path = lake / f"{pathlib.PurePosixPath(parts.path).stem}.parquet"
            self.send_response(200 if path.exists() or parts.path == "/healthz" else 404)
            self.send_header("Content-Type", "text/csv")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if path.exists():
                for piece in csv_pieces(path, dict(urllib.parse.parse_qsl(parts.query))):
                    body = piece.encode()
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body))
            self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_: object) -> None:
            pass

    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
