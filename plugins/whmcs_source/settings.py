"""The `source:` section of bridge.yaml."""

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from whmcs_source.database.address import check_address

_API_PATH = "/includes/api.php"
_MD5 = re.compile(r"[0-9a-fA-F]{32}")


class Products(StrEnum):
    """Whether product names are read, so that nominals can be mapped by product."""

    READ = "read"
    SKIP = "skip"


class Digest(StrEnum):
    """How often the database works out digests over all history."""

    EVERY_RUN = "every_run"
    DEEP_SCAN = "deep_scan"


class WhmcsSettings(BaseModel):
    """How to reach WHMCS and sign in.

    With `database` its tables are read, and nothing else here but `label`, `timeout_s` and
    `products` matters. Else `url` is needed, and either `identifier` and `secret` (API
    credentials, the normal way) or `username` and `password` of an administrator.

    Source: WHMCS developer documentation, API authentication and access control.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    url: str = Field(
        "",
        description="Address of WHMCS, such as https://billing.example.com or, where it lives in a"
        " folder, https://example.com/billing. Plain http only on loopback. Needed without"
        " `database`.",
    )
    identifier: str | None = Field(
        None, description="API credential's identifier (WHMCS: System Settings, API Credentials)."
    )
    secret: SecretStr | None = Field(None, description="API credential's secret.")
    username: str | None = Field(
        None, description="Administrator's name, in place of identifier and secret."
    )
    password: SecretStr | None = Field(
        None, description="That administrator's password, or the MD5 of it as WHMCS expects it."
    )
    access_key: SecretStr | None = Field(
        None,
        description="$api_access_key of WHMCS's configuration.php; lifts the restriction to allowed"
        " addresses.",
    )
    timeout_s: float = Field(30, gt=0, le=600, description="Seconds to wait for one reply.")
    page_size: int = Field(500, ge=2, le=10_000, description="Invoices asked for in one list call.")
    products: Products = Field(
        Products.READ,
        description="read: product names are fetched so that nominals can be mapped by product."
        " skip: they are not, which saves one call a client.",
    )
    label: str = Field(
        "WHMCS",
        pattern=r"^[A-Za-z][A-Za-z0-9]{0,15}$",
        description="Prefix of references in the target: WHMCS-501. Never change it later.",
    )
    database: SecretStr | None = Field(
        None,
        description="Read the tables directly, instead of over the API:"
        " mysql://reader:${PASSWORD}@host:3306/whmcs, with a user who may do nothing but SELECT."
        " Needs the extra mysql.",
    )
    database_digest: Digest = Field(
        Digest.EVERY_RUN,
        description="With `database`: every_run finds any edit of any invoice, also one that left"
        " no trace of its time, at the cost of one pass of the server over its tables. deep_scan"
        " does so every sync.deep_scan_days, and between goes by ids, times and counts.",
    )

    @field_validator("database")
    @classmethod
    def _usable_database(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(check_address(value.get_secret_value()))

    @field_validator("url")
    @classmethod
    def _usable_url(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if parts.scheme not in ("http", "https") or not parts.hostname:
            msg = "write it as https://billing.example.com"
            raise ValueError(msg)
        _ = parts.port  # an impossible port raises here
        if parts.username or parts.password or parts.query or parts.fragment:
            msg = "it holds more than an address: put credentials under identifier and secret"
            raise ValueError(msg)
        if parts.scheme == "http" and not _is_loopback(parts):
            msg = "http sends the secret in clear: write https (plain http is for loopback only)"
            raise ValueError(msg)
        return value.strip().rstrip("/").removesuffix(_API_PATH)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.database is None and not self.url:
            msg = "url is missing: give the address of WHMCS, or database to read its tables"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _one_sign_in(self) -> Self:
        if self.database is not None:
            return self
        pairs = [
            (self.identifier, self.secret, "identifier", "secret"),
            (self.username, self.password, "username", "password"),
        ]
        for name, secret, name_key, secret_key in pairs:
            if bool(name) != bool(secret and secret.get_secret_value()):
                missing, there = (secret_key, name_key) if name else (name_key, secret_key)
                msg = f"{there} is set and {missing} is not: give both"
                raise ValueError(msg)
        if bool(self.identifier) == bool(self.username):
            msg = "give identifier and secret, or username and password, and not both pairs"
            raise ValueError(msg)
        return self

    @property
    def endpoint(self) -> str:
        """Where calls go."""
        return self.url + _API_PATH

    def sign_in(self) -> Mapping[str, str]:
        """The form fields that sign a call in. Secret: for the body of a request only."""
        fields: dict[str, str] = {}
        if self.identifier and self.secret:
            fields.update(identifier=self.identifier, secret=self.secret.get_secret_value())
        elif self.username and self.password:
            fields.update(
                username=self.username, password=_as_md5(self.password.get_secret_value())
            )
        if self.access_key:
            fields["accesskey"] = self.access_key.get_secret_value()
        return fields

    def secrets(self) -> tuple[str, ...]:
        """What must never be shown, longest first."""
        fields = self.sign_in()
        found = [fields[key] for key in ("secret", "password", "accesskey") if key in fields]
        if self.password:
            found.append(self.password.get_secret_value())
        if self.database:
            found.append(self.database.get_secret_value())
        return tuple(sorted(filter(None, found), key=len, reverse=True))


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _as_md5(password: str) -> str:
    """WHMCS takes an administrator's password as its MD5. Source: WHMCS API authentication."""
    if _MD5.fullmatch(password):
        return password.lower()
    return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()


def settings_from(section: Mapping[str, Any]) -> WhmcsSettings:
    """Settings from a plain mapping, as a sandbox gives it."""
    return WhmcsSettings.model_validate(dict(section))
