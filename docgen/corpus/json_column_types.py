"""The polars type that holds all values of a JSON column, and the values as polars takes them for it.

Polars guesses a type from the first values: fields that come later vanish, and lists of records beside lists of texts
become texts. Here the type holds all values, or the column is refused by name.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl

from docgen.corpus.lines import first_line
from docgen.errors import InputError

__all__ = ["common_type", "fitted_values", "merge_column", "refuse_empty_objects", "type_of", "typed_series"]

LARGEST = {pl.Int64: range(-(2**63), 2**63), pl.UInt64: range(2**64)}
ONE_TYPE = "Convert it to one type"


def merge_column(types: dict[str, Any], name: str, kind: Any, where: str) -> None:
    """Widen `types[name]` so that it holds `kind` too. Raises `InputError` where nothing holds both."""
    before = types.get(name)
    if before != kind:
        types[name] = kind if before is None else common_type(before, kind, name, where)


def type_of(value: Any, name: str, where: str) -> Any:
    """The polars type of a JSON value."""
    if isinstance(value, bool):
        return pl.Boolean()
    if isinstance(value, int):
        for integer, numbers in LARGEST.items():
            if value in numbers:
                return integer()
        raise InputError(f"column {name!r} has the number {str(value)[:40]}, too large for Parquet", where, ONE_TYPE)
    if isinstance(value, list):
        kind: Any = pl.Null()
        for item in value:
            kind = common_type(kind, type_of(item, name, where), name, where)
        return pl.List(kind)
    if isinstance(value, dict):
        return pl.Struct([pl.Field(key, type_of(item, name, where)) for key, item in value.items()])
    return {float: pl.Float64(), str: pl.String(), type(None): pl.Null()}[type(value)]


def common_type(left: Any, right: Any, name: str, where: str) -> Any:
    """The type that holds what both hold."""
    if left == right or right == pl.Null:
        return left
    if left == pl.Null:
        return right
    if isinstance(left, pl.Struct) and isinstance(right, pl.Struct):
        fields = {field.name: field.dtype for field in left.fields}
        for field in right.fields:
            before = fields.get(field.name, pl.Null())
            fields[field.name] = common_type(before, field.dtype, f"{name}.{field.name}", where)
        return pl.Struct(fields)
    if isinstance(left, pl.List) and isinstance(right, pl.List):
        return pl.List(common_type(left.inner, right.inner, name, where))
    texts = (pl.String, pl.Categorical, pl.Enum)
    if left in texts and right in texts:
        return pl.String()
    alike = (left.is_numeric() and right.is_numeric()) or (left.is_temporal() and right.is_temporal())
    try:
        if alike:
            empty = [pl.Series("", [], kind).to_frame() for kind in (left, right)]
            return pl.concat(empty, how="vertical_relaxed").dtypes[0]
    except (pl.exceptions.PolarsError, TypeError):
        pass
    raise InputError(f"column {name!r} mixes types: {_plain(left)}, and here {_plain(right)}", where, ONE_TYPE)


def _plain(kind: Any) -> str:
    words = {pl.String: "text", pl.Boolean: "true or false", pl.Struct: "an object", pl.List: "a list"}
    return words.get(kind.base_type(), "a number" if kind.is_numeric() else str(kind))


def refuse_empty_objects(name: str, kind: Any) -> None:
    """Raise `InputError` for a column that Parquet cannot hold: objects without a single field."""
    if isinstance(kind, pl.List):
        refuse_empty_objects(name, kind.inner)
    elif isinstance(kind, pl.Struct):
        if not kind.fields:
            raise InputError(f"column {name!r} has only empty objects, which Parquet cannot hold", fix=ONE_TYPE)
        for field in kind.fields:
            refuse_empty_objects(f"{name}.{field.name}", field.dtype)


def typed_series(name: str, values: Sequence[Any], kind: Any, where: str) -> pl.Series:
    """Values of JSON as a series of type `kind`, which is the common type of all of them."""
    fitted = values if kind == pl.String else [_fitted(value, kind, name) for value in values]
    try:
        return pl.Series(name, fitted, kind, strict=True)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError) as error:
        raise InputError(f"column {name!r} cannot be kept ({first_line(error)})", where, ONE_TYPE) from error


def fitted_values(name: str, values: Sequence[Any], kind: Any) -> pl.Series:
    """Values of an Arrow column as a series of the wider type `kind`."""
    return pl.Series(name, [_fitted(value, kind, name) for value in values], kind)


def _fitted(value: Any, kind: Any, name: str) -> Any:
    """A value as polars takes it for this type: every field there, integers among floats as floats."""
    if value is None:
        return None
    if isinstance(kind, pl.Struct):
        return {field.name: _fitted(value.get(field.name), field.dtype, name) for field in kind.fields}
    if isinstance(kind, pl.List):
        return [_fitted(item, kind.inner, name) for item in value]
    if kind.is_float() and isinstance(value, int):
        if abs(value) > 2**53 and int(float(value)) != value:  # from there on not every integer is a float
            raise InputError(
                f"column {name!r} has the number {value} among fractions, which loses digits", fix=ONE_TYPE
            )
        return float(value)
    return value
