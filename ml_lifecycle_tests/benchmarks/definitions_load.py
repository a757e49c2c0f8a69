"""Loading the definitions of three projects against `import dagster` alone; the target is at most 1.3 times.

    python -m ml_lifecycle_tests.benchmarks.definitions_load [--pairs 9]

Both are whole processes, in turn, and the ratio is taken pair by pair: what the machine does meanwhile meets both.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import ml_lifecycle
from ml_lifecycle_tests.site_folder import SiteFolder

_SHIPPED = Path(ml_lifecycle.__file__).parent / "defs" / "loans"
_BARE = "import dagster"
_LOAD = (
    "import dagster; from pathlib import Path; tree = dagster.ComponentTree.for_project(Path('shop')); "
    "tree.build_defs(tree.defs_module_path).get_repository_def()"
)


def main() -> None:
    """Print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=9)
    pairs = parser.parse_args().pairs
    with tempfile.TemporaryDirectory() as folder:
        site = SiteFolder.make(Path(folder))
        for name in ("one", "two", "three"):
            shutil.copytree(_SHIPPED, site.root / "shop" / "defs" / name)
        _seconds(site, _BARE), _seconds(site, _LOAD)
        measured = [(_seconds(site, _BARE), _seconds(site, _LOAD)) for _ in range(pairs)]
    ratios = [load / bare for bare, load in measured]
    print(f"import dagster        {statistics.median(bare for bare, _ in measured):6.3f} s of CPU (median of {pairs})")
    print(f"+ three projects      {statistics.median(load for _, load in measured):6.3f} s of CPU")
    print(f"ratio, pair by pair   {statistics.median(ratios):6.3f}   (min {min(ratios):.3f}, max {max(ratios):.3f})")


def _seconds(site: SiteFolder, code: str) -> float:
    """CPU seconds of a fresh interpreter with compiled modules."""
    environment = {**site.environment(), "PYTHONWARNINGS": "ignore"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], cwd=site.root, env=environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    os.environ.pop("DAGSTER_HOME", None)
    main()
