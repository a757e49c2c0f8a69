"""From a table and a question to a project: the brief, and the draft of a new project."""
