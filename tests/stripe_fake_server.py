"""The HTTP side of the fake Stripe: small, because benchmarks send thousands of requests through it."""

import contextlib
import socket
import socketserver
import sys
import threading
import traceback
from http import HTTPStatus
from urllib.parse import unquote

_REASONS = {status.value: status.phrase for status in HTTPStatus}


class Server(socketserver.ThreadingTCPServer):
    """A thread per connection, and a stop that waits for no client."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, fake, port):
        super().__init__(("127.0.0.1", port), _Handler)
        self.fake = fake
        self.stopping = threading.Event()
        self._open = {}
        self._guard = threading.Lock()

    def process_request(self, request, client_address):
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        with self._guard:
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request):
        super().shutdown_request(request)
        with self._guard:
            self._open.pop(request, None)

    def handle_error(self, request, client_address):  # noqa: ARG002 - the base class calls it so
        """Keep quiet about clients that are gone, but not about anything else."""
        if not isinstance(sys.exc_info()[1], OSError):
            self.fake.failures.append(traceback.format_exc())

    def close(self):
        """Stop listening, cut all connections and wait for their threads."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
        with self._guard:
            still_open = dict(self._open)
        for connection in still_open:
            with contextlib.suppress(OSError):  # it may be closing by itself
                connection.shutdown(socket.SHUT_RDWR)
        for thread in still_open.values():
            thread.join(timeout=5)


class _Handler(socketserver.StreamRequestHandler):
    """Reads requests from a connection that is kept alive."""

    disable_nagle_algorithm = True
    wbufsize = 0

    def handle(self):
        while not self.server.stopping.is_set() and self._one():
            pass

    def _one(self):
        """Serve one request; False means that the connection ends here."""
        line = self.rfile.readline(65537)
        if not line.strip():
            return False
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers = self._headers()
        length = int(headers.get("content-length", 0))
        body = self.rfile.read(length).decode("latin-1")
        if len(body) < length:
            return False  # its sender was killed while it wrote
        path, _, query = target.partition("?")
        raw = "&".join(part for part in (query, body) if part)
        return self.server.fake._serve(self, method, unquote(path), headers, raw)  # noqa: SLF001 - one program

    def _headers(self):
        headers = {}
        while True:
            line = self.rfile.readline(65537)
            if line in {b"\r\n", b"\n", b""}:
                return headers
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()

    def send(self, answer, request, cut=False):
        """Write an answer in one piece; `cut` leaves out the end of its body."""
        head = [
            f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}",
            "Server: nginx",
            f"Content-Type: {answer.kind}",
            f"Content-Length: {len(answer.body)}",
            f"Request-Id: {request.id}",
        ]
        if request.version:
            head.append(f"Stripe-Version: {request.version}")
        if request.key and answer.status != 502:
            head.append(f"Idempotency-Key: {request.key}")
        if request.replayed and answer.status != 502:
            head.append("Idempotent-Replayed: true")
        head += [f"{name}: {value}" for name, value in answer.headers]
        body = answer.body[: len(answer.body) // 2] if cut else answer.body
        self.request.sendall("\r\n".join([*head, "", ""]).encode("latin-1") + body)
