"""The audit: what somebody should know about a table before a model is made of it. See `audit` and `report`."""
