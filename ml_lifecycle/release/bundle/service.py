"""What a server needs to know of a project beyond the model: its problem, roles of columns, limits of a request.

It is stored as JSON in the package and becomes a project again where no YAML is. Addresses, keys and sources stay
behind.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import PackageError
from ml_lifecycle.release.manifest import Manifest

SERVICE_FILE: Final = "service.json"
_BRIEF: Final = frozenset({"problem", "objective", "owner"})
_ROLES: Final = frozenset({"id", "entity", "event_time"})
_LIMITS: Final = frozenset({"max_rows", "max_body_mb", "max_depth", "max_concurrency", "timeout_seconds", "sticky_by"})


def write_service(config: ProjectConfig) -> bytes:
    """What a package keeps of its project."""
    said = {
        "brief": config.brief.model_dump(mode="json", include=set(_BRIEF)),
        "dataset": config.dataset.model_dump(mode="json", include=set(_ROLES)),
        "serving": config.serving.model_dump(mode="json", include=set(_LIMITS)),
    }
    return json.dumps(said, indent=1, sort_keys=True).encode()


def read_service(content: bytes | None, manifest: Manifest, folder: Path) -> ProjectConfig:
    """The project of a package, as far as serving goes.

    Args:
        content: What `write_service` wrote; None for a package of before it was kept.
        manifest: What the package says about itself.
        folder: The package.

    Raises:
        PackageError: The content is something else.
    """
    said = _parse(content) if content is not None else {"brief": {}, "dataset": {}, "serving": {}}
    brief = {"problem": f"Predict {manifest.target}.", **said["brief"]}
    attributes = {
        "brief": {**brief, "target": manifest.target, "task": _task(manifest.kind)},
        # Nothing is read from it: a project cannot be said without a source.
        "dataset": {"sources": [{"path": "none.csv"}], **said["dataset"]},
        "serving": {**said["serving"], "log": False},
    }
    return build_project(attributes, name=manifest.project, folder=folder, root=folder)


def _parse(content: bytes) -> dict[str, dict[str, Any]]:
    allowed = {"brief": _BRIEF, "dataset": _ROLES, "serving": _LIMITS}
    try:
        said = json.loads(content)
        return {name: {key: said[name][key] for key in keys if key in said[name]} for name, keys in allowed.items()}
    except (ValueError, TypeError, KeyError) as error:
        raise PackageError(
            f"{SERVICE_FILE} of a package cannot be read",
            expected=f"JSON with {', '.join(allowed)}",
            got=f"{type(error).__name__}: {error}",
            advice="package the model again",
        ) from error


def _task(kind: Kind) -> str:
    classes = kind in (Kind.BINARY, Kind.MULTICLASS)
    return Task.CLASSIFICATION.value if classes else Task(kind.value).value
