"""Beside what one would write by hand: a serial loop over PHP's SoapClient, at the same latency."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.children import Served, run, served
from benchmarks.companies import Payments, company
from benchmarks.harness import Figure, show, sized
from benchmarks.rig import ROOT, rig
from benchmarks.soap_load import ACCOUNT, CUSTOMER, METHOD, NOMINAL
from benchmarks.throughput import CLIENTS, LATENCY_S, rate

INVOICES = sized(30, 300)
WORKERS = sized((1, 8), (1, 8, 16))


def has_php() -> bool:
    """Whether Debian's php-cli and php-soap, or others, are here."""
    if shutil.which("php") is None:
        return False
    modules = subprocess.run(["php", "-m"], capture_output=True, text=True, check=False).stdout
    return "soap" in modules.lower().split()


def by_hand(ends: Served, place: Path, count: int) -> tuple[float, float]:
    """Invoices a second, and the processor's milliseconds for each, the start included."""
    script = str(ROOT / "benchmarks" / "serial.php")
    given = [ends.target[name] for name in ("endpoint", "username", "password")]
    ids = [str(one) for one in (count, CUSTOMER, NOMINAL, METHOD, ACCOUNT)]
    ran = run(["php", script, *given, *ids], place=place)
    if ran.exit_code:
        raise AssertionError(f"the PHP loop ended with {ran.exit_code}: {ran.output}")
    return count / float(ran.output), 1000 * ran.processor_s / count


def main() -> None:
    """The loop, then bridge."""
    if not has_php():
        note = "not measured: install php-cli and php-soap (Debian) or their like"
        show("Beside a PHP loop", [], notes=[note])
        return
    with TemporaryDirectory() as name, served(Path(name) / "far") as ends:
        ends.switch(latency_ms=int(LATENCY_S * 1000))
        php, processor = by_hand(ends, Path(name), INVOICES)
    figures = [
        Figure("PHP loop", php, "invoices/s"),
        Figure("PHP loop, of 1 / (2 x latency)", php * 2 * LATENCY_S, "x"),
        Figure("PHP loop, processor an invoice", processor, "ms"),
    ]
    size = int((CLIENTS + sum(WORKERS) * 80 / (2 * LATENCY_S)) * 1.1) + 200
    with company(size, clients=CLIENTS, payments=Payments.ONE_EACH) as made, rig(made) as bridge:
        bridge.sync("--limit", str(CLIENTS + 20))
        bridge.ends.switch(latency_ms=int(LATENCY_S * 1000))
        for workers in WORKERS:
            found, _ = rate(bridge, workers)
            figures.append(Figure(f"bridge, {workers} workers", found, "invoices/s"))
            figures.append(Figure(f"bridge, {workers} workers, to PHP", found / php, "x"))
    show(f"Beside a PHP loop, {LATENCY_S * 1000:.0f} ms a call", figures)


if __name__ == "__main__":
    main()
