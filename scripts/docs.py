"""Are the pages true?

Rewrites the pages that are made from the code, and then checks that every link from a page to a file of this
repository arrives.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
MADE = {"studio.nodes.documentation": "docs/nodes.md"}
"""The modules that write pages, each with its page."""
PAGES = ("*.md", "docs/**/*.md", "examples/**/*.md")


def broken_links(root: Path) -> list[str]:
    """Return a line for each link to a file or folder that does not exist, in reading order."""
    found = []
    for page in sorted({page for pattern in PAGES for page in root.glob(pattern)}):
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
            for target in LINK.findall(line):
                path = target.partition("#")[0]
                if (
                    path
                    and "://" not in path
                    and not path.startswith("mailto:")
                    and not (page.parent / path).exists()
                ):
                    found.append(f"{page.relative_to(root)}:{number}: {target} leads nowhere")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--links", action="store_true", help="check the links and rewrite nothing")
    options = parser.parse_args()
    root = Path(__file__).resolve().parent.parent
    if not options.links:
        for module, page in MADE.items():
            subprocess.run([sys.executable, "-m", module, page], cwd=root, check=True)
    broken = broken_links(root)
    print("\n".join(broken) or "Every link arrives.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
