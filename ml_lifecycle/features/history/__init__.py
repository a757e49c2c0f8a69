"""What an entity has done before: lags and windows over its earlier rows, for tables and for single rows."""
