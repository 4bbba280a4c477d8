"""Lambda's Invoke and InvokeWithResponseStream in front of a RuntimeApi, for boto3."""
import base64
import http.server
import json
import struct
import threading
import zlib

from support.runtime_api import BUFFERED_BYTES, ERROR_TRAILERS


def _header(name, value):
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()


def _event(kind, content_type, payload):
    headers = b"".join((_header(":event-type", kind), _header(":content-type", content_type),
                        _header(":message-type", "event")))
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


class LambdaFront:
    """Answers as Lambda does on a free port of 127.0.0.1, whatever name the client calls the function by."""

    def __init__(self, api):
        class Front(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                event = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = api.invoke(event)
                if self.path.endswith("/response-streaming-invocations"):
                    self._send(self._streamed(answer), "application/vnd.amazon.eventstream")
                else:
                    self._whole(answer)

            def _whole(self, answer):
                payload, failed = answer.payload, answer.kind == "error"
                if answer.trailers:
                    payload, failed = base64.b64decode(answer.trailers[ERROR_TRAILERS[1]]), True
                if len(payload) > BUFFERED_BYTES:
                    payload, failed = b'{"errorType":"Function.ResponseSizeTooLarge","errorMessage":""}', True
                self._send(payload, "application/json", {"X-Amz-Function-Error": "Unhandled"} if failed else {})

            @staticmethod
            def _streamed(answer):
                if answer.kind == "error" or answer.trailers:
                    text = answer.payload if answer.kind == "error" else base64.b64decode(
                        answer.trailers[ERROR_TRAILERS[1]])
                    complete = {"ErrorCode": answer.error_type, "ErrorDetails": text.decode()}
                else:
                    complete = {}
                chunks, at = [], 0
                for size in answer.chunks or [len(answer.payload)]:
                    if answer.kind != "error":
                        chunks.append(_event("PayloadChunk", "application/octet-stream", answer.payload[at:at + size]))
                    at += size
                return b"".join(chunks) + _event("InvokeComplete", "application/json", json.dumps(complete).encode())

            def _send(self, body, content_type, headers=()):
                self.send_response(200)
                for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **dict(headers)}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Front)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
