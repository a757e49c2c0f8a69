"""What lies beside the model: a container file, a function, and what a person reads first."""

import ast
import json
import re
from pathlib import Path

from ml_lifecycle.release.package_files import hash_of
from ml_lifecycle_tests.release import tiny


def test_every_file_is_named_in_the_manifest(packaged: Path) -> None:
    """With its hash."""
    manifest = json.loads((packaged / "manifest.json").read_text())
    for name in ("requirements.txt", "Dockerfile", "handler.py", "README.md", "model_card.md", "service.json"):
        assert manifest["files"][name] == hash_of((packaged / name).read_bytes())


def test_the_container_runs_as_nobody_and_is_watched(packaged: Path) -> None:
    """It installs before it copies the model, leaves root before it serves, and asks its own port."""
    lines = [line for line in (packaged / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]
    words = [line.split()[0] for line in lines]
    assert words[0] == "FROM"
    assert words.index("USER") < words.index("HEALTHCHECK") < words.index("CMD") == len(words) - 1
    assert re.fullmatch(r"USER [1-9]\d+", lines[words.index("USER")])
    install = next(place for place, line in enumerate(lines) if "pip install" in line)
    assert install < lines.index("COPY . .")
    for line in lines[words.index("HEALTHCHECK") :]:
        command = json.loads(line[line.index("CMD") + 3 :])
        assert command[0] == "python"
        assert "8080" in " ".join(command)


def test_the_handler_is_a_script_and_a_function(packaged: Path) -> None:
    """Its function takes rows."""
    parsed = ast.parse((packaged / "handler.py").read_text())
    made = [item for item in parsed.body if isinstance(item, ast.FunctionDef)]
    functions = {item.name: [arg.arg for arg in item.args.args] for item in made}
    assert functions == {"predict": ["rows"]}


def test_the_card_says_what_is_known(tmp_path: Path) -> None:
    """Purpose, family, metrics, columns with their rules, data versions."""
    config = tiny.project(tmp_path, release={"intended_use": "Nothing but tests.", "limitations": "Everything else."})
    tiny.write(tmp_path / "package", config=config)
    card = (tmp_path / "package" / "model_card.md").read_text()
    for said in ("Who repays?", "Nothing but tests.", "lightgbm", "log_loss | 0.4", "Oslo, Riga, Rome", "`t1`"):
        assert said in card
    assert "## Serve it" in (tmp_path / "package" / "README.md").read_text()
