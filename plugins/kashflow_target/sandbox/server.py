"""The HTTP server: SOAP at /api/service.asmx, the sandbox's own controls at /_sandbox/."""

import json
import socket
import socketserver
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from kashflow_target.sandbox.controls import ControlSurface
from kashflow_target.sandbox.interface import WSDL_FILE
from kashflow_target.sandbox.service import ServiceReply, ServiceRequest, SoapService
from kashflow_target.sandbox.state import BooksState, switches_of

SERVICE_PATH = "/api/service.asmx"
_LIVE_ADDRESS = "https://securedwebapp.com/api/service.asmx"
_JSON = "application/json"
_POLL_S = 0.02


class SoapServer(ThreadingHTTPServer):
    """Bound to loopback. Listens from the moment it is made until `stop`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, state: BooksState, port: int) -> None:
        super().__init__(("127.0.0.1", port), SoapHandler)
        self.state = state
        self.stopping = threading.Event()
        self.service = SoapService(state, self.stopping)
        self.controls = ControlSurface(state)
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._workers: list[threading.Thread] = []
        self._accepting = threading.Thread(
            target=self.serve_forever, args=(_POLL_S,), name="kashflow sandbox", daemon=True
        )
        self._accepting.start()

    def server_bind(self) -> None:
        """Bind without asking a name server what loopback is called."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give each connection a thread, and remember both so that `stop` can end them."""
        with self._guard:
            self._connections.add(request)
            self._workers = [worker for worker in self._workers if worker.is_alive()]
            worker = threading.Thread(
                target=self.process_request_thread, args=(request, client_address), daemon=True
            )
            self._workers.append(worker)
        worker.start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        with self._guard:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no news; anything else is a bug of the sandbox: show it."""
        import sys

        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Finish what was begun, close every connection, let go of the port."""
        self.shutdown()
        self.stopping.set()
        with self._guard:
            connections, workers = list(self._connections), list(self._workers)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RD)
            except OSError:
                continue
        for worker in workers:
            worker.join()
        self.service.finish()
        self._accepting.join()
        self.server_close()


class SoapHandler(BaseHTTPRequestHandler):
    """One connection."""

    server: SoapServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """A SOAP call, or the sandbox's own."""
        started = time.monotonic()
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            self._send(ServiceReply(b"", HTTPStatus.LENGTH_REQUIRED, "text/plain"))
            return
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.startswith("/_sandbox/"):
            self._control("POST", content)
            return
        if self.path.partition("?")[0].lower() != SERVICE_PATH:
            self._send(ServiceReply(b"", HTTPStatus.NOT_FOUND, "text/plain"))
            return
        reply = self.server.service.reply(
            ServiceRequest(content, self._action(), self.client_address[0])
        )
        with self.server.state.read() as connection:
            latency = switches_of(connection).number("latency_ms") / 1000
        left_s = max(0.0, started + latency - time.monotonic())
        self.server.stopping.wait(left_s)
        self._send(reply)

    def do_GET(self) -> None:
        """The WSDL, with this server's address in it, or the sandbox's own."""
        if self.path.startswith("/_sandbox/"):
            self._control("GET", b"")
        elif self.path.lower() == f"{SERVICE_PATH}?wsdl":
            text = WSDL_FILE.read_text(encoding="utf-8")
            here = f"{self.server.address}{SERVICE_PATH}"
            self._send(ServiceReply(text.replace(f'"{_LIVE_ADDRESS}"', f'"{here}"').encode()))
        else:
            self._send(ServiceReply(b"", HTTPStatus.NOT_FOUND, "text/plain"))

    def do_PUT(self) -> None:
        """The sandbox's own."""
        self._control("PUT", self.rfile.read(int(self.headers.get("Content-Length", 0))))

    def do_DELETE(self) -> None:
        """The sandbox's own."""
        self._control("DELETE", b"")

    def log_message(self, *_arguments: object) -> None:
        """Say nothing: bodies and addresses are nobody's business."""

    def _action(self) -> str | None:
        action = self.headers.get("SOAPAction")
        if action is not None:
            return str(action)
        for part in self.headers.get("Content-Type", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name.lower() == "action":
                return str(value)
        return None

    def _control(self, method: str, content: bytes) -> None:
        status, answer = self.server.controls.answer(method, self.path, content)
        self._send(ServiceReply(json.dumps(answer).encode(), status, _JSON))

    def _send(self, reply: ServiceReply) -> None:
        """One write for the whole message, so that it never waits for an acknowledgement."""
        status = HTTPStatus(reply.status)
        head = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            f"Content-Type: {reply.content_type}",
            f"Content-Length: {len(reply.body)}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
        ]
        message = "\r\n".join(head).encode() + b"\r\n\r\n" + reply.body
        if reply.send is not None:
            self.close_connection = True
            body_sent = int(len(reply.body) * reply.send)
            message = message[: len(message) - len(reply.body) + body_sent] if body_sent else b""
        if message:
            self.wfile.write(message)
