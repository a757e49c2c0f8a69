"""The code location: what workspace.yaml names. Loads the projects in `defs/` and decides nothing."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions of every project below `defs/`.

    The tree is built from the folder and not from its root, which would add the documentation of every component type
    in the environment: that takes as long as the projects themselves, and `dg` reads it from the registry anyway.
    """
    tree = dg.ComponentTree.for_project(Path(__file__).parent)
    return tree.build_defs(tree.defs_module_path)
