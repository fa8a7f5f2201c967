"""Starting and stopping the sandbox."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from kashflow_target.sandbox.server import SoapServer


class KashFlowSandbox:
    """A KashFlow on loopback while it is entered.

    Attributes:
        settings: What to put under `target:` in bridge.yaml; the endpoint's port is known once it
            is entered.
        address: The endpoint.
    """

    settings: Mapping[str, str]
    address: str

    def __init__(
        self, directory: Path, *, port: int = 0, switches: Mapping[str, str] | None = None
    ) -> None:
        self._directory = directory
        self._switches = dict(switches or {})
        self._server: SoapServer | None = None
        self._describe(f"http://127.0.0.1:{port}", "", "")
        self._port = port

    def __enter__(self) -> Self:
        from kashflow_target.sandbox.driver import Driver
        from kashflow_target.sandbox.server import SoapServer
        from kashflow_target.sandbox.state import BooksState

        state = BooksState(self._directory)
        try:
            driver = Driver(state)
            driver.switch(**self._switches)
            known = driver.switches()
            self._server = SoapServer(state, self._port)
        except BaseException:
            state.close()
            raise
        self._describe(self._server.address, str(known["username"]), str(known["password"]))
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.stop()
            self._server.state.close()
            self._server = None

    def _describe(self, base: str, username: str, password: str) -> None:
        self.address = f"{base}/api/service.asmx"
        self.settings = {"endpoint": self.address, "username": username, "password": password}


def sandbox(
    directory: Path, *, port: int = 0, switches: Mapping[str, str] | None = None
) -> KashFlowSandbox:
    """A KashFlow whose books are kept in `directory`, seeded on first use.

    Args:
        port: 0 takes any free one.
        switches: As in `kashflow_target.sandbox.switches`; kept with the books.
    """
    return KashFlowSandbox(directory, port=port, switches=switches)
