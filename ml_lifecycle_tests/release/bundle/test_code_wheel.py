"""The code of a package: a wheel that holds what scores, and says which code it is."""

import base64
import hashlib
import io
import zipfile

from ml_lifecycle.release.bundle.code_wheel import build_code_wheel


def test_the_record_names_every_file_with_its_hash() -> None:
    """As installers check it."""
    wheel = build_code_wheel()
    with zipfile.ZipFile(io.BytesIO(wheel.content)) as archive:
        record = archive.read(f"ml_lifecycle-{wheel.version}.dist-info/RECORD").decode().splitlines()
        hashes = dict(line.split(",")[:2] for line in record)
        assert set(hashes) == set(archive.namelist())
        for name, said in hashes.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(archive.read(name)).digest()).rstrip(b"=").decode()
            assert said in {f"sha256={digest}", ""}


def test_only_what_scores_is_in_it() -> None:
    """Rooms, templates and licence; no orchestration, no command, no sample."""
    with zipfile.ZipFile(io.BytesIO(build_code_wheel().content)) as archive:
        names = archive.namelist()
    assert {"ml_lifecycle/serving/package.py", "ml_lifecycle/LICENSE", "ml_lifecycle/release/bundle/README.md.j2"} <= {
        *names
    }
    assert not [name for name in names if name.startswith(("ml_lifecycle/orchestration", "ml_lifecycle/cli"))]


def test_its_version_is_one_that_no_index_takes() -> None:
    """The hash of the code behind a plus sign; the same code is the same wheel."""
    wheel = build_code_wheel()
    assert wheel.version.startswith("0.1.0+code.")
    assert wheel.file == f"ml_lifecycle-{wheel.version}-py3-none-any.whl"
    build_code_wheel.cache_clear()
    assert build_code_wheel() == wheel
