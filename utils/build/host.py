"""A static host on localhost that compresses what it sends, as the one that publishes the book does."""

import contextlib
import functools
import gzip
import http.server
import io
import threading
from pathlib import Path

COMPRESSED = {".css", ".html", ".ico", ".js", ".json", ".svg", ".txt", ".xml", ".ipynb"}
LEVEL = 6  # GitHub Pages' weights are within a percent of it


@contextlib.contextmanager
def serve(folder):
    """Serve a folder on a free port of localhost; gives the address, with a slash at its end."""
    handler = functools.partial(_Compressing, directory=folder)
    with _Host(("localhost", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


class _Host(http.server.ThreadingHTTPServer):
    request_queue_size = (
        128  # a browser opens a dozen connections at once; beyond 5 they would wait for seconds
    )


class _Compressing(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send_head(self):
        """Send the head of an answer; return the file of its body, as SimpleHTTPRequestHandler does."""
        path = Path(self.translate_path(self.path))
        takes = "gzip" in self.headers.get("Accept-Encoding", "")
        if not (takes and path.is_file() and path.suffix in COMPRESSED):
            return super().send_head()
        body = _compressed(path, path.stat().st_mtime_ns)
        self.send_response(http.HTTPStatus.OK)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def end_headers(self):
        self.send_header("Cache-Control", "max-age=600")  # as GitHub Pages sends it
        super().end_headers()

    def log_message(self, *arguments):
        """Say nothing about requests."""


@functools.lru_cache
def _compressed(path, changed):
    """The compressed contents of a file that changed at this time."""
    return gzip.compress(path.read_bytes(), LEVEL, mtime=0)
