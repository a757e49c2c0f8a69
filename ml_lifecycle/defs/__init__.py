"""The projects of this code location, one folder each: defs.yaml and schema.yaml. No code lives here."""
