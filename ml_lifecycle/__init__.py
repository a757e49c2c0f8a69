"""The whole life of a machine-learning model on tabular data, as a Dagster graph made from one YAML file."""
