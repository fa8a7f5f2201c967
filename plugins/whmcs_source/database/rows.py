"""Table rows as the records that the API sends: same fields, same rules.

The rules stand in `whmcs_source.api.wire_models` and `whmcs_source.api.fields`. For speed a row is
read field by field with the very functions that pydantic would call; where one of them refuses, the
record goes through pydantic after all, which says what is wrong in the same words as in API mode.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Generic, TypeVar, cast, get_args

from pydantic import BaseModel, BeforeValidator

from whmcs_source.api.fields import Id, IdOrZero, Line, Text
from whmcs_source.api.html_text import STRAY_BYTES
from whmcs_source.api.wire_models import WireModel, parse
from whmcs_source.database import columns
from whmcs_source.database.columns import Convert
from whmcs_source.database.connection import Row

ModelT = TypeVar("ModelT", bound=WireModel)
_new = object.__new__
# The four places that a pydantic model keeps things in, past the refusal of a frozen one.
_put_values, _put_fields, _put_extra, _put_private = (
    vars(BaseModel)[name].__set__
    for name in (
        "__dict__",
        "__pydantic_fields_set__",
        "__pydantic_extra__",
        "__pydantic_private__",
    )
)
_FEW_VALUES = frozenset(
    {
        "type",
        "status",
        "paymentmethod",
        "gateway",
        "currencycode",
        "taxed",
        "amount",
        "amountin",
        "amountout",
        "fees",
        "rate",
        "subtotal",
        "credit",
        "tax",
        "tax2",
        "total",
        "taxrate",
        "taxrate2",
    }
)
_DAYS = frozenset({"date", "duedate", "datepaid", "date_refunded", "date_cancelled"})


NULL = b"\0"
"""How a NULL comes in a joined row. As a text of its own it would come to the same: nothing."""


def text_of(value: bytes | None) -> str | None:
    """A value as text: a byte that is no UTF-8 is read as Western European, it alone."""
    return None if value is None or value == NULL else value.decode("utf-8", STRAY_BYTES)


def number_of(value: bytes | None) -> int:
    """A whole number of the database; 0 for none."""
    return 0 if value is None or value == NULL else int(value)


class Maker(Generic[ModelT]):
    """Makes records of one kind from rows with these columns, in this order."""

    def __init__(self, model: type[ModelT], columns: Sequence[str]) -> None:
        self._model = model
        self.columns = tuple(columns)
        fields = model.model_fields
        self._names = [name for name in columns if name in fields]
        read = [_convert(name, fields[name].metadata) for name in self._names]
        self._converts = [convert for convert, _ in read]
        self._columns = [column for _, column in read]
        self._places = [place for place, name in enumerate(columns) if name in fields]
        self._rest = {
            name: info.default
            for name, info in fields.items()
            if not info.is_required() and name not in columns
        }
        self._fields = set(fields)
        self._is_whole = len(self._places) == len(self.columns)

    def make(self, row: Row, record: str, **more: Any) -> ModelT:
        """One record; `more` are fields that other tables gave.

        Raises:
            UnreadableReplyError: a field is missing or makes no sense; it names record and field.
        """
        try:
            return self._quickly(row, more)
        except (ArithmeticError, TypeError, ValueError):
            return parse(self._model, {**self.raw(row), **more}, record)

    def make_all(self, rows: Sequence[Row], **more: Sequence[Any]) -> list[ModelT]:
        """Records of many rows, column by column; `more` are columns that other tables gave.

        Raises:
            ArithmeticError, TypeError, ValueError: something is missing or makes no sense; `make`
                tells of which row.
        """
        if not rows:
            return []
        rest = {name: value for name, value in self._rest.items() if name not in more}
        names = (*self._names, *more, *rest)
        if len(names) < len(self._fields):
            raise ValueError("a field is missing")
        given = list(zip(*rows, strict=True))
        found = [
            *(read(given[place]) for place, read in zip(self._places, self._columns, strict=True)),
            *more.values(),
            *([value] * len(rows) for value in rest.values()),
        ]
        model, fields = self._model, self._fields
        return [
            built(model, dict(zip(names, values, strict=True)), fields)
            for values in zip(*found, strict=True)
        ]

    def raw(self, row: Row) -> dict[str, Any]:
        """The row as the API would send it: texts by name."""
        return {name: text_of(value) for name, value in zip(self.columns, row, strict=True)}

    def _quickly(self, row: Row, more: Mapping[str, Any]) -> ModelT:
        values = row if self._is_whole else [row[place] for place in self._places]
        made = {
            name: convert(value)
            for name, convert, value in zip(self._names, self._converts, values, strict=True)
        }
        if self._rest or more:
            made = {**self._rest, **made, **more}
        if len(made) < len(self._fields):
            raise ValueError("a field is missing")
        return built(self._model, made, self._fields)


def built(model: type[ModelT], values: dict[str, Any], fields: set[str]) -> ModelT:
    """A record from values that need no validation, an eighth of `model_construct`'s time.

    It takes the dictionary for its own.
    """
    made = _new(model)
    _put_values(made, values)
    _put_fields(made, fields)
    _put_extra(made, None)
    _put_private(made, None)
    return made


def _convert(name: str, metadata: Iterable[Any]) -> tuple[Convert, columns.Read]:
    """How a field is read: by the function in its type, as pydantic would. One by one, or many."""
    known = list(metadata)
    if known == list(get_args(Id)[1:]):
        return _read_id, columns.ids(_read_id)
    if known == list(get_args(IdOrZero)[1:]):
        return _read_id_or_zero, columns.ids(_read_id_or_zero)
    readers = [each.func for each in known if isinstance(each, BeforeValidator)]
    rules = [each for each in known if not isinstance(each, BeforeValidator)]
    read = cast("Callable[[Any], Any]", readers[0]) if readers else _as_it_is
    if any(getattr(rule, "min_length", 0) for rule in rules):
        read = _not_empty(read)
    if known in (list(get_args(Line)[1:]), list(get_args(Text)[1:])) and name not in _FEW_VALUES:
        convert = _text_by(read)
        return convert, columns.texts(convert, is_plain=lambda value: not _is_odd(value))
    if name in _DAYS:
        cached = lru_cache(maxsize=8192)(_by_text(read))
        convert = _day_by(cached)
        return convert, columns.days(convert, cached)
    convert = _by_text(read)
    if name in _FEW_VALUES:
        convert = lru_cache(maxsize=4096)(convert)
    return convert, columns.one_by_one(convert)


def _by_text(read: Callable[[Any], Any]) -> Convert:
    return lambda value: read(text_of(value))


def _as_it_is(value: Any) -> Any:
    return value


def _not_empty(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        found = read(value)
        if not found:
            raise ValueError("it is empty")
        return found

    return checked


def _day_by(cached: Convert) -> Convert:
    """Days are few, moments are many: the time of day is left out before the cache."""

    def day(value: bytes | None) -> Any:
        if value is not None and len(value) > 10 and value[10:11] == b" ":
            value = value[:10]
        return cached(value)

    return day


def _is_odd(value: bytes) -> bool:
    """As `is_plain` tells of a text, but for what is not printable."""
    return b"&" in value or b"<" in value or b"  " in value


def _text_by(read: Callable[[Any], Any]) -> Convert:
    """Most texts need nothing done to them, which shows at once."""

    def text(value: bytes | None) -> Any:
        if value is not None and value.isascii() and not _is_odd(value):
            found = value.decode("ascii")
            if found.isprintable():
                return found.strip()
        return read(text_of(value))

    return text


def _read_id(value: bytes | None) -> int:
    number = int(value) if value is not None else -1
    if number < 0:
        raise ValueError("it is no id")
    return number


def _read_id_or_zero(value: bytes | None) -> int:
    return _read_id(value) if value and value != NULL else 0
