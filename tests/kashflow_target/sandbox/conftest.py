"""A KashFlow of one's own for each test, and a client that writes its envelopes by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kashflow_target.sandbox.driver import Driver
from kashflow_target.sandbox.factory import KashFlowSandbox, sandbox

from tests.kashflow_target.raw_client import RawClient
from tests.kashflow_target.sandbox_books import SandboxBooks


@pytest.fixture
def kashflow(tmp_path: Path) -> Iterator[KashFlowSandbox]:
    with sandbox(tmp_path) as running:
        yield running


@pytest.fixture
def client(kashflow: KashFlowSandbox) -> Iterator[RawClient]:
    with RawClient(kashflow.settings) as by_hand:
        yield by_hand


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    with Driver.at(tmp_path) as hands:
        yield hands


@pytest.fixture
def books(tmp_path: Path) -> SandboxBooks:
    return SandboxBooks(tmp_path)
