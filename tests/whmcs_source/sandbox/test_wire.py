"""The server at the wire: control, faults, speed of stopping, several processes."""

import http.client
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from whmcs_source.sandbox.factory import sandbox
from whmcs_source.sandbox.fault_modes import MODES

from bridge.api import UsageError


def credit(caller: Any) -> str:
    """The state that `work` changes."""
    [row] = caller.whmcs.rows("SELECT credit FROM tblclients WHERE id = 1")
    return str(row["credit"])


def work(caller: Any) -> requests.Response:
    fields = {"clientid": 1, "amount": "1.00", "description": "x", "responsetype": "json"}
    answer = caller.post(action="AddCredit", **fields, **caller.credentials)
    assert isinstance(answer, requests.Response)
    return answer


def plan(caller: Any, mode: str, **more: object) -> None:
    caller.control("PUT", "faults", [{"name": "AddCredit", "mode": mode, **more}])


@pytest.mark.parametrize("mode", ["cut_before", "lost_reply"])
def test_a_cut_connection_gives_no_byte(caller: Any, mode: str) -> None:
    plan(caller, mode)
    with pytest.raises(requests.ConnectionError, match="without response"):
        work(caller)
    assert credit(caller) == ("1.00" if mode == "lost_reply" else "0.00")
    assert work(caller).json()["result"] == "success"


def test_half_a_reply_breaks_off(caller: Any) -> None:
    plan(caller, "half_reply")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        work(caller)
    assert credit(caller) == "1.00"


def test_half_a_reply_is_half_of_the_body(caller: Any) -> None:
    plan(caller, "half_reply")
    fields = {"action": "AddCredit", "clientid": 1, "amount": "1.00", "responsetype": "json"}
    body = urlencode({**fields, "description": "x", **caller.credentials})
    host = caller.whmcs.address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.request("POST", "/includes/api.php", body)
    reply = connection.getresponse()
    promised = int(reply.headers["Content-Length"])
    with pytest.raises(http.client.IncompleteRead) as broken:
        reply.read()
    connection.close()
    assert len(broken.value.partial) == promised // 2


def test_garbage_is_no_json_and_the_work_is_done(caller: Any) -> None:
    plan(caller, "garbage")
    reply = work(caller)
    assert reply.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        reply.json()
    assert credit(caller) == "1.00"


@pytest.mark.parametrize(
    ("mode", "status", "after"),
    [
        ("html", 200, "0.00"),
        ("http_500", 500, "0.00"),
        ("http_503", 503, "0.00"),
        ("http_429", 429, "0.00"),
        ("http_500_after", 500, "1.00"),
    ],
)
def test_a_page_can_come_in_place_of_json(caller: Any, mode: str, status: int, after: str) -> None:
    plan(caller, mode)
    reply = work(caller)
    assert reply.status_code == status
    assert reply.text.startswith("<!DOCTYPE html>")
    assert reply.headers.get("Retry-After") == ("1" if status in (429, 503) else None)
    assert credit(caller) == after
    assert work(caller).status_code == 200


def test_a_slow_reply_comes_with_the_work_done(caller: Any) -> None:
    plan(caller, "slow", seconds=0.2)
    started = time.monotonic()
    assert work(caller).json()["newbalance"] == "1.00"
    assert time.monotonic() - started >= 0.2


def test_a_late_commit_happens_after_the_connection_is_gone(caller: Any) -> None:
    plan(caller, "late_commit", seconds=0.2)
    with pytest.raises(requests.ConnectionError):
        work(caller)
    assert credit(caller) == "0.00"
    give_up = time.monotonic() + 5
    while credit(caller) == "0.00" and time.monotonic() < give_up:
        time.sleep(0.02)
    assert credit(caller) == "1.00"


def test_what_is_late_when_the_server_stops_is_done_at_once(tmp_path: Path) -> None:
    with sandbox(tmp_path) as whmcs:
        url = f"{whmcs.address}/includes/api.php"
        faults = [{"name": "*", "mode": "late_commit", "seconds": 60}]
        requests.put(f"{whmcs.address}/_sandbox/faults", json=faults, timeout=10)
        fields = {"action": "AddCredit", "clientid": 1, "amount": "1.00", "description": "x"}
        login = {name: whmcs.settings[name] for name in ("identifier", "secret")}
        with pytest.raises(requests.ConnectionError):
            requests.post(url, data={**fields, **login}, timeout=10)
    with sandbox(tmp_path) as whmcs:
        assert whmcs.rows("SELECT credit FROM tblclients WHERE id = 1")[0]["credit"] == "1.00"


def test_a_refusal_in_band_has_a_text_nobody_knows(caller: Any) -> None:
    plan(caller, "refuse")
    reply = work(caller)
    assert reply.status_code == 200
    assert reply.json()["result"] == "error"
    assert "E4711" in reply.json()["message"]
    assert credit(caller) == "0.00"


def test_a_fault_waits_for_its_call_and_goes_on_as_often_as_asked(caller: Any) -> None:
    plan(caller, "http_503", nth=2, times=2)
    codes = []
    for _ in range(4):
        caller("GetCurrencies")  # other calls do not count
        codes.append(work(caller).status_code)
    assert codes == [200, 503, 503, 200]
    assert caller.control("GET", "faults") == []


def test_planned_faults_are_listed_until_they_have_fired(caller: Any) -> None:
    plan(caller, "html", nth=3)
    assert caller.control("GET", "faults") == [
        {"name": "addcredit", "nth": 3, "mode": "html", "seconds": 0.5, "times": 1}
    ]
    work(caller)
    assert caller.control("GET", "faults")[0]["nth"] == 2
    caller.control("PUT", "faults", [])
    assert caller.control("GET", "faults") == []


def test_a_fault_on_any_call_fires_on_any(caller: Any) -> None:
    caller.control("PUT", "faults", [{"name": "*", "mode": "html", "nth": 2}])
    assert caller("WhmcsDetails")["result"] == "success"
    with pytest.raises(requests.exceptions.JSONDecodeError):
        caller("GetCurrencies")


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({"mode": "explode"}, f"mode was 'explode'; it may be {', '.join(MODES)}"),
        ({"mode": "html", "nth": 0}, "nth and times count from 1"),
        ({"mode": "html", "action": "x"}, "a fault has no action"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(caller: Any, fault: object, text: str) -> None:
    assert caller.control("PUT", "faults", [fault]) == {"error": text}


def test_calls_are_noted_in_order_and_control_is_not(caller: Any) -> None:
    caller.control("PUT", "faults", [{"name": "getcurrencies", "mode": "http_500"}])
    caller("getinvoices", limitnum=1)
    caller.post(action="GetCurrencies", **caller.credentials)
    caller("Nonsense")
    assert caller.control("GET", "calls") == {
        "calls": [
            {"n": 1, "name": "GetInvoices"},
            {"n": 2, "name": "GetCurrencies", "fault": "http_500"},
            {"n": 3, "name": "Nonsense"},
        ]
    }
    caller.control("DELETE", "calls")
    caller("WhmcsDetails")
    assert caller.control("GET", "calls") == {"calls": [{"n": 1, "name": "WhmcsDetails"}]}


def test_the_driver_can_be_reached_over_http(caller: Any) -> None:
    line = {"amount": "100.00", "description": "x"}
    made = caller.control("POST", "do", {"what": "create_invoice", "client": 4, "lines": [line]})
    assert caller("GetInvoice", invoiceid=made["result"])["total"] == "120.00"
    wrong = caller.control("POST", "do", {"what": "pay", "invoice": 5})
    assert wrong == {"error": "invoice 5 does not exist"}


def test_cases_can_be_asked_for_and_unknown_questions_are_refused(caller: Any) -> None:
    assert caller.control("GET", "cases")["expense"]["table"] == "tblaccounts"
    assert caller.control("GET", "nothing") == {"error": "there is no GET /_sandbox/nothing"}


def test_latency_is_for_the_api_only(caller: Any) -> None:
    caller.whmcs.switch(latency_ms=150)
    started = time.monotonic()
    caller.control("GET", "switches")
    assert time.monotonic() - started < 0.15
    caller("WhmcsDetails")
    assert time.monotonic() - started >= 0.15


def test_waiting_replies_do_not_wait_for_each_other(caller: Any) -> None:
    caller.whmcs.switch(latency_ms=200)
    fields = {"action": "WhmcsDetails", **caller.credentials}
    threads = [
        threading.Thread(target=lambda: requests.post(caller.url, data=fields, timeout=10))
        for _ in range(8)
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started < 1.0


def test_a_connection_is_kept_open_between_calls(caller: Any) -> None:
    connection = http.client.HTTPConnection(
        caller.whmcs.address.removeprefix("http://"), timeout=10
    )
    sockets = set()
    for _ in range(3):
        connection.request("POST", "/includes/api.php", urlencode(caller.credentials))
        connection.getresponse().read()
        sockets.add(id(connection.sock))
    connection.close()
    assert sockets != {id(None)}
    assert len(sockets) == 1


def test_it_stops_at_once_although_a_client_stays_connected(tmp_path: Path) -> None:
    with requests.Session() as session:
        with sandbox(tmp_path, switches={"latency_ms": "30000"}) as whmcs:
            session.get(f"{whmcs.address}/_sandbox/switches", timeout=10)
            waiting = threading.Thread(target=_ask_and_be_cut, args=(whmcs.address,))
            waiting.start()
            time.sleep(0.1)
            started = time.monotonic()
        assert time.monotonic() - started < 0.5
        waiting.join(5)
        assert not waiting.is_alive()
    names = {thread.name for thread in threading.enumerate()}
    assert not {name for name in names if "sandbox" in name}


def _ask_and_be_cut(address: str) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{address}/includes/api.php", data={"action": "x"}, timeout=20)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with sandbox(tmp_path / "a") as first:
        port = int(first.address.rsplit(":", 1)[1])
        with pytest.raises(UsageError, match=f"Port {port} on 127.0.0.1"):
            sandbox(tmp_path / "b", port=port).__enter__()


_OTHER = """
import sys
from pathlib import Path
import requests
from whmcs_source.sandbox.factory import sandbox

with sandbox(Path(sys.argv[1])) as whmcs:
    login = {name: whmcs.settings[name] for name in ("identifier", "secret")}
    fields = {"action": "AddCredit", "clientid": 1, "amount": "1.00", "description": "x"}
    with requests.Session() as session:
        for _ in range(int(sys.argv[2])):
            session.post(whmcs.address + "/includes/api.php", data={**fields, **login}, timeout=30)
"""


def test_processes_share_one_state(tmp_path: Path) -> None:
    """Three start at once on an empty directory: it is filled once, and no change is lost."""
    command = [sys.executable, "-c", _OTHER, str(tmp_path), "40"]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    with sandbox(tmp_path) as whmcs:
        [row] = whmcs.rows("SELECT credit FROM tblclients WHERE id = 1")
        calls = whmcs.rows("SELECT n FROM sandbox_calls ORDER BY n")
        clients = whmcs.rows("SELECT COUNT(*) AS n FROM tblclients")
    assert row["credit"] == "120.00"
    assert [call["n"] for call in calls] == list(range(1, 121))
    assert clients == [{"n": 43}]


def test_a_killed_process_loses_nothing_that_it_answered(tmp_path: Path) -> None:
    script = _OTHER + "\n    import os, signal; os.kill(os.getpid(), signal.SIGKILL)\n"
    process = subprocess.run([sys.executable, "-c", script, str(tmp_path), "5"], check=False)
    assert process.returncode == -9
    with sandbox(tmp_path) as whmcs:
        [row] = whmcs.rows("SELECT credit FROM tblclients WHERE id = 1")
    assert row["credit"] == "5.00"


def test_control_that_is_no_json_is_refused(caller: Any) -> None:
    reply = requests.put(f"{caller.whmcs.address}/_sandbox/switches", data="{", timeout=10)
    assert reply.status_code == 400
    assert "error" in json.loads(reply.text)
