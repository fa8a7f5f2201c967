"""`python -m bridge.cli` is `bridge`."""

from bridge.cli.main import run

run()
