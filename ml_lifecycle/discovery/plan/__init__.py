"""The project plan, from the YAML and what the feasibility study measured."""
