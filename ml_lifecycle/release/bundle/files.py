"""The files beside the model: what to install, how to serve it, and what a person should read first.

The wording is that of the templates beside this module. What is pinned is in `requirements`, the code in `code_wheel`.
"""

from __future__ import annotations

import platform
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.schema import Schema
from ml_lifecycle.release.bundle.code_wheel import build_code_wheel
from ml_lifecycle.release.bundle.requirements import (
    CODE_FOLDER,
    REQUIREMENTS_FILE,
    pin_requirements,
    write_requirements,
)
from ml_lifecycle.release.bundle.service import SERVICE_FILE, read_service, write_service
from ml_lifecycle.release.manifest import Manifest

README_FILE: Final = "README.md"
CARD_FILE: Final = "model_card.md"
DOCKERFILE: Final = "Dockerfile"
HANDLER_FILE: Final = "handler.py"
#: Where the server of a container listens, inside the container.
CONTAINER_PORT: Final = 8080
_TEMPLATES: Final = (README_FILE, CARD_FILE, DOCKERFILE, HANDLER_FILE)


def bundle_files(
    manifest: Manifest, schema: Schema, model_files: Collection[str], config: ProjectConfig | None = None
) -> dict[str, bytes]:
    """The files that make a model's files a package that serves anywhere, by relative path.

    Args:
        manifest: What is known of the model; files need not be named in it yet.
        schema: What rows must be.
        model_files: The names of the model's files.
        config: The project; without it problem and limits are the defaults.

    Raises:
        PackageError: Something that scoring needs is not installed here.
    """
    wheel, pins = build_code_wheel(), pin_requirements(model_files)
    project = config or read_service(None, manifest, Path())
    facts = {
        "manifest": manifest,
        "project": project,
        "pins": pins,
        "code": f"{CODE_FOLDER}/{wheel.file}",
        "python": ".".join(platform.python_version_tuple()[:2]),
        "port": CONTAINER_PORT,
        "columns": [_describe(name, schema) for name in manifest.columns],
    }
    environment = _environment()
    written = {name: environment.get_template(f"{name}.j2").render(facts).strip() + "\n" for name in _TEMPLATES}
    return {
        REQUIREMENTS_FILE: write_requirements(pins, wheel.version),
        f"{CODE_FOLDER}/{wheel.file}": wheel.content,
        SERVICE_FILE: write_service(project),
        **{name: text.encode() for name, text in written.items()},
    }


def _describe(name: str, schema: Schema) -> dict[str, Any]:
    """A column as the card says it."""
    if name not in schema.columns:
        return {"name": name, "type": "any", "rule": "", "missing": "allowed"}
    categories = schema.categories(name)
    rule = schema.range_text(name) if categories is None else ", ".join(map(str, categories))
    missing = "allowed" if schema.nullable(name) else "refused"
    return {"name": name, "type": schema.kind(name).value, "rule": rule, "missing": missing}


def _environment() -> Any:  # noqa: ANN401 - a jinja2 Environment
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - markdown and code, which are not shown as HTML by us
    )
    made.filters["cell"] = lambda value: str(value).replace("|", "\\|").replace("\n", " ")
    return made
