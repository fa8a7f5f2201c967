"""Who is let in, and the exact words for who is not."""

import hashlib
from typing import Any

import pytest
from whmcs_source.sandbox.switches import ADMIN, ADMIN_PASSWORD


def refused(reply: Any, status: int, message: str) -> None:
    assert (reply.status_code, reply.json()) == (status, {"result": "error", "message": message})


def ask(caller: Any, **fields: object) -> Any:
    return caller.post(**{"action": "WhmcsDetails", "responsetype": "json", **fields})


def test_the_credentials_work_under_their_old_names_too(caller: Any) -> None:
    pair = caller.credentials
    old = {"username": pair["identifier"], "password": pair["secret"]}
    assert ask(caller, **old).json()["result"] == "success"


def test_an_admin_signs_in_with_an_md5_of_the_password(caller: Any) -> None:
    word = hashlib.md5(ADMIN_PASSWORD.encode()).hexdigest()
    assert ask(caller, username=ADMIN, password=word).json()["result"] == "success"
    plain = ask(caller, username=ADMIN, password=ADMIN_PASSWORD)
    refused(plain, 403, "Invalid password provided")
    refused(
        ask(caller, username="formerstaff", password=word), 403, "Administrator Account Disabled"
    )
    refused(ask(caller, username="support", password=word), 403, "Access Denied")
    odd = caller.post(action="Nonsense", responsetype="json", username=ADMIN, password=word)
    refused(odd, 403, "Command Not Found")


def test_wrong_and_missing_credentials_have_different_words(caller: Any) -> None:
    pair = caller.credentials
    refused(ask(caller, **{**pair, "secret": "wrong"}), 403, "Authentication Failed")
    refused(ask(caller, **{**pair, "identifier": "wrong"}), 403, "Authentication Failed")
    refused(ask(caller), 403, "Invalid or missing credentials")
    refused(ask(caller, identifier=pair["identifier"]), 403, "Invalid or missing credentials")


def test_an_address_that_is_not_listed_is_named(caller: Any) -> None:
    caller.whmcs.switch(allowed_ips="198.51.100.7", seen_ip="203.0.113.9")
    refused(ask(caller, **caller.credentials), 403, "Invalid IP 203.0.113.9")
    caller.whmcs.switch(seen_ip="2001:db8::9", ip_text="Forbidden IP")
    refused(ask(caller, **caller.credentials), 403, "Forbidden IP 2001:db8::9")
    caller.whmcs.switch(seen_ip="")
    refused(ask(caller, **caller.credentials), 403, "Forbidden IP 127.0.0.1")
    caller.whmcs.switch(allowed_ips="198.51.100.7, 127.0.0.1")
    assert ask(caller, **caller.credentials).status_code == 200


def test_an_access_key_lifts_the_address_check(caller: Any) -> None:
    caller.whmcs.switch(allowed_ips="198.51.100.7", access_key="Key!1")
    assert ask(caller, **caller.credentials, accesskey="Key!1").status_code == 200
    refused(ask(caller, **caller.credentials, accesskey="no"), 403, "Invalid IP 127.0.0.1")


def test_a_role_allows_only_what_it_lists(caller: Any) -> None:
    caller.whmcs.switch(allowed_actions="GetInvoices, WhmcsDetails")
    assert ask(caller, **caller.credentials).status_code == 200
    reply = caller.post(action="GetInvoice", responsetype="json", **caller.credentials)
    refused(reply, 403, 'Invalid Permissions: API action "getinvoice" is not allowed')


def test_an_action_that_does_not_exist_looks_like_one_that_is_not_allowed(caller: Any) -> None:
    reply = caller.post(action="GetWHMCSDetails", responsetype="json", **caller.credentials)
    refused(reply, 403, 'Invalid Permissions: API action "getwhmcsdetails" is not allowed')


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_action_is_a_bad_request(caller: Any, method: str) -> None:
    reply = caller.session.request(method, caller.url, timeout=10)
    assert (reply.status_code, reply.text) == (400, "result=error;message=Empty action request;")


def test_without_a_responsetype_the_reply_is_of_the_old_form(caller: Any) -> None:
    reply = caller.post(action="WhmcsDetails", **caller.credentials)
    assert reply.text.startswith("result=success;whmcs[version]=8.13.1;")
    caller.whmcs.switch(nvp_refusals="on")
    assert ask(caller).text == "result=error;message=Invalid or missing credentials;"


def test_action_names_are_of_any_case(caller: Any) -> None:
    assert caller("getCURRENCIES")["result"] == "success"


def test_a_misspelt_parameter_is_refused_loudly(caller: Any) -> None:
    reply = caller.post(
        action="GetInvoices", responsetype="json", stauts="Paid", **caller.credentials
    )
    refused(reply, 400, "Sandbox: GetInvoices has no parameter stauts (switch `strict`)")


def test_a_misspelt_parameter_can_be_ignored_as_the_real_one_does(caller: Any) -> None:
    caller.whmcs.switch(strict="off")
    assert caller("GetInvoices", stauts="Unpaid")["totalresults"] == 306


def test_credentials_in_the_url_are_refused_unless_it_is_to_be_as_lax_as_the_real_one(
    caller: Any,
) -> None:
    fields = {"action": "WhmcsDetails", "responsetype": "json", **caller.credentials}
    strict = caller.session.post(caller.url, params=fields, timeout=10)
    assert strict.status_code == 400
    assert "identifier" in strict.json()["message"]
    caller.whmcs.switch(strict="off")
    assert caller.session.post(caller.url, params=fields, timeout=10).json()["result"] == "success"


def test_any_other_path_is_not_found(caller: Any) -> None:
    reply = caller.session.post(f"{caller.whmcs.address}/api.php", timeout=10)
    assert reply.status_code == 404
    assert reply.headers["Content-Type"].startswith("text/html")


def test_xml_is_refused_as_not_built(caller: Any) -> None:
    reply = caller.post(action="WhmcsDetails", responsetype="xml", **caller.credentials)
    assert reply.status_code == 400
    assert "xml was not built" in reply.json()["message"]
