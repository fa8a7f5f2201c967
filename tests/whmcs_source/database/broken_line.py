"""A way to the database that can be cut, and that can lose or garble a reply."""

import contextlib
import socket
import threading
from collections.abc import Callable

_QUERY = 3
_PAGE = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n<html>Down</html>"
_GARBAGE = b"\x13\x00\x00\x01" + bytes(range(200, 219))


class BrokenLine:
    """Passes everything on to the server, but for the statement that was armed.

    Attributes:
        port: Where it listens, on loopback.
        statements: Every statement that was passed on, in order.
        otherwise: Words of statements, and others of the same length that the server gets instead.
    """

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.statements: list[str] = []
        self.otherwise = ("", "")
        self._armed: tuple[str, str] | None = None
        self._open: list[socket.socket] = []
        self._threads = [self._started(self._accept)]

    def arm(self, words: str, mode: str) -> Callable[[], bool]:
        """At the next statement with these words; answers whether it has happened."""
        self._armed = (words, mode)
        return lambda: self._armed is None

    def close(self) -> None:
        """Cut everything."""
        for each in [self._listener, *self._open]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join()

    def _started(self, work: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        return thread

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._open += [client, server]
                self._threads += [
                    self._started(self._ask, client, server),
                    self._started(self._answer, client, server),
                ]

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while packet := _packet(client):
                if packet[4:5] == bytes([_QUERY]):
                    statement = packet[5:].decode()
                    self.statements.append(statement)
                    if self._armed and self._armed[0] in statement:
                        _, mode = self._armed
                        self._armed = None
                        self._break(mode, client, server, packet)
                        return
                words, instead = self.otherwise
                server.sendall(
                    packet.replace(words.encode(), instead.encode()) if words else packet
                )
        _cut(client, server)

    def _break(
        self, mode: str, client: socket.socket, server: socket.socket, packet: bytes
    ) -> None:
        if mode == "half_reply":
            self._half = client
            server.sendall(packet)
            return
        if mode == "lost_reply":
            server.sendall(packet)
        elif mode == "garbage":
            client.sendall(_GARBAGE)
        elif mode != "cut_before":
            client.sendall(_PAGE)
        _cut(client, server)

    _half: socket.socket | None = None

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while reply := server.recv(65536):
                if self._half is client:
                    client.sendall(reply[: len(reply) // 2])
                    break
                client.sendall(reply)
        _cut(client, server)


def _packet(end: socket.socket) -> bytes:
    """A whole packet of MySQL's protocol: three bytes of length, one of order, and the rest."""
    head = _exactly(end, 4)
    return head + _exactly(end, int.from_bytes(head[:3], "little")) if head else b""


def _exactly(end: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        more = end.recv(size - len(got))
        if not more:
            return b""
        got += more
    return got


def _cut(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
