"""What one entity's values are, from Feast's messages."""

from __future__ import annotations

import pandas as pd

from ml_lifecycle.features.online_lookup import _plain


def test_messages_become_plain_values() -> None:
    """Nothing, null and a time; everything else as it is."""
    from feast.protos.feast.types.Value_pb2 import Null, Value

    assert _plain(None) is None
    assert _plain(Value()) is None
    assert _plain(Value(null_val=Null.NULL)) is None
    assert _plain(Value(string_val="")) == ""
    assert _plain(Value(unix_timestamp_val=-(2**63))) is None
    assert _plain(Value(unix_timestamp_val=86_400)) == pd.Timestamp("1970-01-02")
