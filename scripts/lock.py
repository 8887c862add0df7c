"""Which versions does everybody get?

Writes `requirements/*.txt` from `pyproject.toml` and `requirements/*.in`: one version and its hashes for every
distribution, for all supported Pythons and platforms, and nothing about where they were found. The development
lock holds the versions of the run lock and adds to them.
"""

import argparse
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path("requirements")
COMMAND = (sys.executable, "-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11")
QUIET = ("--generate-hashes", "--no-header", "--no-emit-index-url", "--no-emit-find-links", "--quiet")

# In this order: a later lock may be held to an earlier one.
LOCKS = {
    "bootstrap.txt": ("requirements/bootstrap.in",),
    "run.txt": ("pyproject.toml", "requirements/build.in"),
    # What is unpacked for tests and not installed needs nothing beside itself.
    "mongodb.txt": ("requirements/mongodb.in", "--no-deps"),
    "dev.txt": ("pyproject.toml", "requirements/build.in", "--extra", "dev", "-c", "requirements/run.txt"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that are allowed")
    upgrade = ("--upgrade",) if parser.parse_args().upgrade else ()
    for name, inputs in LOCKS.items():
        lock = REQUIREMENTS / name
        print(f"Locking {lock} …", flush=True)
        done = subprocess.run([*COMMAND, *QUIET, *upgrade, *inputs, "--output-file", str(lock)], check=False)
        if done.returncode:
            return done.returncode
        if "://" in lock.read_text(encoding="utf-8"):
            print(f"{lock} names an address. Use distributions from an index only.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
