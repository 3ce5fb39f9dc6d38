"""The programs that the library's README shows."""

import re

from tests.wheel.environments import ROOT

README = (ROOT / "shared" / "README.md").read_text()

IDENTITY = "http://localhost:8001"
AUDIENCE = "http://localhost:8003"


def program(section: str, identity: str = IDENTITY) -> str:
    """The one Python program of a section, for the issuer at `identity`."""
    text = README.split(f"\n## {section}\n")[1].split("\n## ")[0]
    (source,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return str(source).replace(IDENTITY, identity)


def lines(source: str) -> list[str]:
    """The lines that are not blank."""
    return [line for line in source.splitlines() if line.strip()]
