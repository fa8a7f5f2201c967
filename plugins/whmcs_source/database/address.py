"""The `database` setting, read and checked. Opens nothing and imports no driver."""

from urllib.parse import parse_qs, urlsplit

_SCHEMES = ("mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql")
_EXAMPLE = "mysql://reader:${WHMCS_DATABASE_PASSWORD}@db.example.com:3306/whmcs"


def check_address(text: str) -> str:
    """The setting, if it can be one.

    Raises:
        ValueError: with what to write instead; the password is not in it.
    """
    try:
        parts = urlsplit(text.strip())
        _ = parts.port
    except ValueError:
        msg = f"write it as {_EXAMPLE}; in a password write @ as %40, / as %2F and : as %3A"
        raise ValueError(msg) from None
    if parts.scheme not in _SCHEMES:
        msg = f"WHMCS keeps its data in MySQL or MariaDB: write it as {_EXAMPLE}"
        raise ValueError(msg)
    if not parts.path.strip("/"):
        msg = f"it names no database: write it as {_EXAMPLE}"
        raise ValueError(msg)
    if not parts.hostname and "unix_socket" not in parse_qs(parts.query):
        msg = f"it names no host: write it as {_EXAMPLE}"
        raise ValueError(msg)
    return text.strip()
