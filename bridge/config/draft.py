"""A bridge.yaml in the making: answers in their order, and the text that holds them."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from bridge.model.target_records import Json

_WIDTH = 88
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(slots=True)
class _Setting:
    """A key of the file: a value, or keys of its own, or only a remark on what is left out."""

    value: Json = None
    remark: str = ""
    inner: "dict[str, _Setting]" = field(default_factory=dict)


@dataclass(slots=True)
class Draft:
    """Answers so far. The remark of each stands above its line, as a comment."""

    root: _Setting = field(default_factory=_Setting)

    def put(self, path: tuple[str, ...], value: Json, remark: str = "") -> None:
        """Write a value at a path; None leaves the setting out and keeps the remark."""
        here = self.root
        for part in path:
            here = here.inner.setdefault(part, _Setting())
        here.remark = remark
        here.value = None if value == {} else value

    def has(self, path: tuple[str, ...]) -> bool:
        """Whether anything is written at a path, or below it."""
        here: _Setting | None = self.root
        for part in path:
            here = here.inner.get(part) if here else None
        return here is not None and (here.value is not None or _has_values(here))

    def text(self, title: str) -> str:
        """The whole file."""
        lines = [f"# {line}" for line in textwrap.wrap(title, _WIDTH)]
        for name, setting in self.root.inner.items():
            if setting.inner:
                lines.append("")
            lines.extend(_lines(name, setting, 0))
        return "\n".join(lines) + "\n"


def _lines(name: str, setting: _Setting, indent: int) -> Iterator[str]:
    space = " " * indent
    for line in textwrap.wrap(setting.remark, _WIDTH - indent, break_on_hyphens=False):
        yield f"{space}# {line}"
    key = _scalar(name)
    if setting.inner and _is_block(setting, indent):
        if _has_values(setting):
            yield f"{space}{key}:"
        for inner_name, inner in setting.inner.items():
            yield from _lines(inner_name, inner, indent + 2)
    elif setting.inner and _has_values(setting):
        yield f"{space}{key}: {_flow(_plain(setting))}"
    elif setting.value is not None:
        yield f"{space}{key}: {_flow(setting.value)}"


def _is_block(setting: _Setting, indent: int) -> bool:
    return not indent or any(each.inner or each.remark for each in setting.inner.values())


def _has_values(setting: _Setting) -> bool:
    return any(each.value is not None or _has_values(each) for each in setting.inner.values())


def _plain(setting: _Setting) -> Json:
    if not setting.inner:
        return setting.value
    kept = {name: _plain(inner) for name, inner in setting.inner.items()}
    return {name: value for name, value in kept.items() if value is not None} or None


def _flow(value: Json) -> str:
    return _scalar(value) if isinstance(value, str) else _dumped(value)


def _scalar(value: str) -> str:
    """A day stands without quotes, as people write it."""
    return value if _DAY.fullmatch(value) else _dumped(value)


def _dumped(value: Json) -> str:
    text = yaml.safe_dump(
        value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000
    )
    return text.removesuffix("...\n").strip()
