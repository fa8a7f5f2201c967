"""Starting the stand-in."""

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bridge.api import UsageError
from whmcs_source.sandbox import driver, seed, switches
from whmcs_source.sandbox.office import Office
from whmcs_source.sandbox.server import ApiServer
from whmcs_source.sandbox.state import InstallationState, image


class WhmcsSandbox:
    """WHMCS on loopback. Entered, it listens; left, it stops; what it holds stays in `directory`.

    Attributes:
        settings: For `source:` in bridge.yaml: url, identifier, secret.
        address: The URL, for people.
    """

    def __init__(
        self, directory: Path, *, port: int = 0, switch_values: Mapping[str, str] | None = None
    ) -> None:
        self.directory = directory
        self.settings: Mapping[str, str] = {}
        self.address = ""
        self._port = port
        self._switches = dict(switch_values or {})
        self._state: InstallationState | None = None
        self._office: Office | None = None
        self._server: ApiServer | None = None

    def __enter__(self) -> Self:
        self._state = InstallationState(
            self.directory, partial(_company, frozenset(self._switches.items()))
        )
        try:
            with self._state.transaction() as database:
                switches.write(database, self._switches)
                values = switches.read(database)
            self._office = Office(self._state)
            self._server = self._listen(self._office)
        except BaseException:
            self._state.close()
            raise
        self._server.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        credentials = {"identifier": values["identifier"], "secret": values["secret"]}
        self.settings = {"url": self.address, **credentials}
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server and self._office and self._state:
            self._server.stop()
            self._office.finish()
            self._state.close()
        self._server = self._office = self._state = None

    def do(self, what: str, **arguments: Any) -> int | str:
        """Do what an admin or a gateway would: a verb of `driver`, with its arguments."""
        with self._opened().transaction() as database:
            return driver.do(database, what, **arguments)

    def switch(self, **values: object) -> None:
        """Set switches."""
        with self._opened().transaction() as database:
            switches.write(database, values)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """What a query of the tables finds, for tests."""
        with self._opened().transaction() as database:
            return [dict(row) for row in database.execute(query, values)]

    def _opened(self) -> InstallationState:
        if self._state is None:
            raise RuntimeError("the sandbox was used outside its with block")
        return self._state

    def _listen(self, office: Office) -> ApiServer:
        try:
            return ApiServer(office, self._port)
        except OSError as error:
            raise UsageError(
                f"Port {self._port} on 127.0.0.1 could not be opened: {error.strerror}.",
                remedy="Choose another port, or stop what listens there.",
                record="WHMCS sandbox",
            ) from error


@cache
def _company(switch_values: frozenset[tuple[str, str]]) -> bytes:
    """Northwind's books on the first day; a process that starts many sandboxes makes them once."""
    return image(partial(seed.fill, values=dict(switch_values)))


def sandbox(
    directory: Path, *, port: int = 0, switches: Mapping[str, str] | None = None
) -> WhmcsSandbox:
    """WHMCS with the books of Northwind Hosting Ltd, kept in `directory`."""
    return WhmcsSandbox(directory, port=port, switch_values=switches)
