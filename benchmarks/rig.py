"""The real command on a company in MariaDB and books in another process."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from benchmarks.children import BRIDGE, Ran, Served, run, served
from tests.whmcs_source.database.installation import Installation

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Rig:
    """Both ends, and the place of bridge.yaml and the log.

    Attributes:
        source: What stands under `source:`.
    """

    place: Path
    ends: Served
    source: Mapping[str, Any]
    sync_settings: dict[str, Any] = field(default_factory=dict)

    @property
    def store(self) -> Path:
        """The log."""
        return self.place / "bridge.db"

    def sync(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        source: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> tuple[Ran, Mapping[str, Any]]:
        """One run, and its summary.

        Args:
            source: Further settings of the source.
            settings: Of the `sync:` part.

        Raises:
            AssertionError: it came to another end than 0 or 3.
        """
        self._configure(dict(source or {}), settings)
        ran = run(
            [*BRIDGE, "sync", "--json", *arguments], place=self.place, environment=environment
        )
        if ran.exit_code not in {0, 3}:
            raise AssertionError(f"bridge sync ended with {ran.exit_code}: {ran.output[-2000:]}")
        return ran, json.loads(ran.output.splitlines()[-1])

    def _configure(self, source: dict[str, Any], settings: dict[str, Any]) -> None:
        written = yaml.safe_load((ROOT / "bridge.yaml").read_text(encoding="utf-8"))
        written["source"] = {"plugin": "whmcs", **self.source, **source}
        # Measured are an invoice and its payment: two calls each, and no bank transactions.
        written["target"] |= {"fees": "on_gateway_invoice", **self.ends.target}
        written["sync"] |= {"start_date": "2015-01-01", "batch_limit": 0, "settle_delay_s": 0}
        written["sync"] |= self.sync_settings | settings
        path = self.place / "bridge.yaml"
        path.write_text(yaml.safe_dump(written), encoding="utf-8")
        path.chmod(0o600)


@contextmanager
def rig(made: Installation | None) -> Iterator[Rig]:
    """A rig on a company in MariaDB, or on WHMCS's stand-in where none is given."""
    with TemporaryDirectory() as name:
        place = Path(name)
        (place / "far").mkdir()
        with served(place / "far") as ends:
            if made is None:
                yield Rig(place, ends, ends.source)
            else:
                address = made.url.render_as_string(hide_password=False)
                yield Rig(place, ends, {"database": address, "timeout_s": 300})
