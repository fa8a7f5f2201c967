"""The stand-in on the network: HTTP/1.1 on loopback, a thread a connection, faults at the wire."""

import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

from whmcs_source.sandbox.fault_modes import FiredFault
from whmcs_source.sandbox.office import JSON, TEXT, ApiRequest, ApiResponse, Office, fields_of

API = "/includes/api.php"
_POLL_S = 0.02

_REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_MAINTENANCE = _PAGE.format("Down for Maintenance (Err 3)").encode()
_GARBAGE = b'\x1f\x8b\x08\x00{"result":"succ\x00\xff\xfe<?xml <<<'
_ERROR_PAGES = {
    "http_500": 500,
    "http_503": 503,
    "http_429": 429,
    "http_500_after": 500,
}


class Cut(Exception):
    """Close the connection now."""


class ApiHandler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "ApiServer"
    _retry: ClassVar[Mapping[int, str]] = {429: "Retry-After: 1\r\n", 503: "Retry-After: 1\r\n"}

    def setup(self) -> None:
        """Remember the connection, so that stopping can close it."""
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        """Forget it."""
        self.server.closed(self.connection)
        super().finish()

    def handle(self) -> None:
        """Serve until either side closes."""
        with suppress(ConnectionError, TimeoutError, ValueError):
            super().handle()

    def do_GET(self) -> None:
        """Control only; the API takes no GET."""
        self._serve()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  # names that http.server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # inherited
        """Say nothing."""

    def _serve(self) -> None:
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if address.path.startswith("/_sandbox/"):
                self._send(self.server.office.control(self.command, address.path, body))
            elif address.path == API:
                self._api(fields_of(address.query, body) if self.command == "POST" else {})
            else:
                self._send(ApiResponse(404, _PAGE.format("404 Not Found").encode(), TEXT))
        except Cut:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def _api(self, fields: Mapping[str, str]) -> None:
        office = self.server.office
        in_url = frozenset(fields_of(urlsplit(self.path).query, b""))
        request = ApiRequest(fields, self.client_address[0], in_url)
        answer, fault = office.receive(request)
        if fault is not None:
            answer = self._failed(fault, request, answer)
        if answer is not None:
            if answer.wait_s:
                self._pause(answer.wait_s)
            self._send(answer)

    def _failed(
        self, fault: FiredFault, request: ApiRequest, answer: ApiResponse | None
    ) -> ApiResponse | None:
        """What the fault makes of the answer. Raises Cut where there is none."""
        match fault.mode:
            case "cut_before" | "lost_reply":
                raise Cut
            case "late_commit":
                self.server.office.answer_later(request, fault.seconds)
                raise Cut
            case "slow":
                self._pause(fault.seconds)
                return self.server.office.answer(request)
            case "half_reply" if answer is not None:
                whole = self._bytes(answer)
                self.wfile.write(whole[: len(whole) - (len(answer.body) + 1) // 2])
                raise Cut
            case "garbage":
                return ApiResponse(200, _GARBAGE, JSON)
            case "html":
                return ApiResponse(200, _MAINTENANCE, TEXT)
            case mode if mode in _ERROR_PAGES:
                status = _ERROR_PAGES[mode]
                return ApiResponse(
                    status, _PAGE.format(f"{status} {_REASONS[status]}").encode(), TEXT
                )
            case _:
                return answer

    def _pause(self, seconds: float) -> None:
        if self.server.stopping.wait(seconds):
            raise Cut

    def _send(self, answer: ApiResponse) -> None:
        self.wfile.write(self._bytes(answer))

    def _bytes(self, answer: ApiResponse) -> bytes:
        """Head and body together, so that a reply is one packet's worth of write."""
        head = (
            f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}\r\n"
            f"Content-Type: {answer.kind}\r\n"
            f"Content-Length: {len(answer.body)}\r\n"
            f"{self._retry.get(answer.status, '')}\r\n"
        )
        return head.encode("ascii") + answer.body


class ApiServer(ThreadingHTTPServer):
    """Listens on 127.0.0.1.

    Args:
        office: What answers.
        port: 0 takes any free one.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, office: Office, port: int) -> None:
        self.office = office
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._gone = threading.Condition(self._lock)
        super().__init__(("127.0.0.1", port), ApiHandler)
        self._thread = threading.Thread(
            target=self.serve_forever, args=(_POLL_S,), name="whmcs-sandbox", daemon=True
        )

    def start(self) -> None:
        """Begin to answer, on a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, close every connection, and wait until their threads have let go."""
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._gone:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._gone.wait_for(lambda: not self._open, timeout=5)

    def opened(self, connection: socket.socket) -> None:
        """A connection has come."""
        with self._lock:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """A connection has gone."""
        with self._gone:
            self._open.discard(connection)
            self._gone.notify_all()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news; anything else is a bug here, and is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]
