"""What a project's YAML may say: frozen pydantic models, one module per room, unknown keys refused."""
