"""The review for known mistakes of machine learning: of a project's YAML, its Python and its lists of packages."""
