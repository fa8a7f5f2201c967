"""Who is let in: address, sign-in, role. The texts are those that clients of WHMCS have met.

Sources: darthsoup/php-whmcs-api and yashodhank/whmcs-mcp-server, which code for them; the order of
the checks is a guess.
"""

from collections.abc import Mapping

from whmcs_source.sandbox.actions.registry import ACTIONS, ActionRefusal, ApiAction
from whmcs_source.sandbox.state import Database

_FORBIDDEN, _BAD = 403, 400


def admitted(
    database: Database, switches: Mapping[str, str], fields: Mapping[str, str], address: str
) -> ApiAction:
    """The action that was asked for, when the caller may have it.

    Raises:
        Refusal: with HTTP 403, or 400 when no action is named.
    """
    name = fields.get("action", "").strip()
    if not name:
        raise ActionRefusal("Empty action request", _BAD)
    _check_address(switches, fields, address)
    uses_role = _check_credentials(database, switches, fields)
    wanted = ACTIONS.get(name.lower())
    if wanted is None or (uses_role and not _in_role(switches, name)):
        text = f'Invalid Permissions: API action "{name.lower()}" is not allowed'
        raise ActionRefusal(text if uses_role else "Command Not Found", _FORBIDDEN)
    return wanted


def _check_address(switches: Mapping[str, str], fields: Mapping[str, str], address: str) -> None:
    allowed = [part.strip() for part in switches["allowed_ips"].split(",") if part.strip()]
    seen = switches["seen_ip"] or address
    key = switches["access_key"]
    if not allowed or seen in allowed or (key and fields.get("accesskey") == key):
        return
    raise ActionRefusal(f"{switches['ip_text']} {seen}", _FORBIDDEN)


def _check_credentials(
    database: Database, switches: Mapping[str, str], fields: Mapping[str, str]
) -> bool:
    """Whether an API credential was used, which has a role; an admin's login has none."""
    name = fields.get("identifier") or fields.get("username") or ""
    word = fields.get("secret") or fields.get("password") or ""
    if not name or not word:
        raise ActionRefusal("Invalid or missing credentials", _FORBIDDEN)
    if name == switches["identifier"]:
        if word != switches["secret"]:
            raise ActionRefusal("Authentication Failed", _FORBIDDEN)
        return True
    admin = database.execute("SELECT * FROM tbladmins WHERE username = ?", (name,)).fetchone()
    if admin is None or "identifier" in fields:
        raise ActionRefusal("Authentication Failed", _FORBIDDEN)
    if admin["password"] != word.lower():
        raise ActionRefusal("Invalid password provided", _FORBIDDEN)
    if admin["disabled"]:
        raise ActionRefusal("Administrator Account Disabled", _FORBIDDEN)
    if not admin["roleid"]:
        raise ActionRefusal("Access Denied", _FORBIDDEN)
    return False


def _in_role(switches: Mapping[str, str], name: str) -> bool:
    allowed = {part.strip().lower() for part in switches["allowed_actions"].split(",")} - {""}
    return not allowed or name.lower() in allowed


def check_parameters(action: ApiAction, fields: Mapping[str, str], in_url: frozenset[str]) -> None:
    """Refuse, under the switch `strict`, what WHMCS takes in silence and a client should not do.

    WHMCS ignores what it does not know, so that a misspelt filter answers with everything; and it
    takes fields from the URL, where a secret would end up in the web server's log.
    """
    if in_url:
        names = ", ".join(sorted(in_url))
        raise ActionRefusal(
            f"Sandbox: {names} came in the URL, not in the body (switch `strict`)", _BAD
        )
    unknown = action.unknown(fields)
    if unknown:
        names = ", ".join(sorted(unknown))
        text = f"Sandbox: {action.name} has no parameter {names} (switch `strict`)"
        raise ActionRefusal(text, _BAD)
