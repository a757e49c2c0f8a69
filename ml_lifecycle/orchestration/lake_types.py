"""Types of the lake's tables: frames as arrow tables that Delta takes, and what a new window does to a table's types.

Nothing is lost for the sake of a type: where a table holds whole numbers and a window brings 1.5, the table's column
becomes one of numbers with fractions; where numbers meet texts, all become texts.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def to_arrow(frame: "pd.DataFrame") -> Any:
    """An arrow table of types that Delta knows: no nanoseconds, no unsigned, no null type, no mixed columns.

    A column without any value has the null type still; `align` or `settle` say what becomes of it.
    """
    import pandas as pd
    import pyarrow as pa

    columns = {str(name): _plain(frame.iloc[:, place]) for place, name in enumerate(frame.columns)}
    table = pa.Table.from_pandas(pd.DataFrame(columns, index=frame.index, copy=False), preserve_index=False)
    table = table.replace_schema_metadata(None)
    fields = [pa.field(field.name, _delta_type(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def settle(table: Any) -> Any:
    """Columns without any value as texts: a whole table says what it holds."""
    import pyarrow as pa

    fields = [
        pa.field(field.name, pa.string() if pa.types.is_null(field.type) else field.type) for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def align(table: Any, delta: Any | None) -> Any:
    """Rows of windows as a table takes them; a column that has had no value so far is left out until it has one.

    Args:
        table: The rows.
        delta: The Delta table that they go to; None where there is none yet. Its columns are widened where they
            cannot hold what comes.
    """
    import pyarrow as pa

    known = {} if delta is None else {field.name: field.type for field in pa.schema(delta.schema().to_arrow())}
    wider = {
        field.name: kind
        for field in table.schema
        if field.name in known and (kind := _common(known[field.name], field.type, table[field.name])) is not None
    }
    changed = {name: kind for name, kind in wider.items() if kind != known[name]}
    if delta is not None and changed:
        _widen(delta, changed)
    fields = []
    for field in table.schema:
        if field.name in wider:
            fields.append(pa.field(field.name, wider[field.name]))
        elif not pa.types.is_null(field.type):
            fields.append(field)
    return table.select([field.name for field in fields]).cast(pa.schema(fields))


def _common(known: Any, new: Any, column: Any) -> Any:
    """The type that holds both what a table has and what comes."""
    import pyarrow as pa

    if known == new or pa.types.is_null(new):
        return known
    numbers = [pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in (known, new)]
    if all(numbers):
        try:
            column.cast(known)  # refuses what it cannot hold
        except pa.ArrowInvalid:
            return pa.float64()
        return known
    same_family = any(check(known) and check(new) for check in (pa.types.is_timestamp, pa.types.is_boolean))
    return known if same_family else pa.string()


def _widen(delta: Any, changed: dict[str, Any]) -> None:
    """Write a table again with wider types; its old versions stay as they were."""
    import pyarrow as pa
    from deltalake import write_deltalake
    from pyarrow import parquet

    schema = pa.schema(delta.schema().to_arrow())
    folders = list(delta.metadata().partition_columns)
    if folders:
        whole = delta.to_pyarrow_table()
    else:
        files = sorted(delta.file_uris())
        whole = parquet.read_table(files, schema=schema, partitioning=None) if files else schema.empty_table()
    fields = [pa.field(field.name, changed.get(field.name, field.type)) for field in whole.schema]
    write_deltalake(
        delta,
        whole.cast(pa.schema(fields)),
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=folders or None,
    )


def _plain(column: "pd.Series[Any]") -> "pd.Series[Any]":
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype("object")
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True).startswith("mixed"):
        return column.where(column.isna(), column.astype(str))
    return column


def _delta_type(given: Any) -> Any:
    import pyarrow as pa

    if pa.types.is_timestamp(given):
        return pa.timestamp("us")
    return pa.int64() if pa.types.is_unsigned_integer(given) else given
