"""Lighthouse, which grades pages. Without npm or a registry, its tests are skipped."""

import asyncio
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.browser.conftest import QUIET
from tests.support.tools import node_modules

CATEGORIES = ("accessibility", "best-practices", "performance", "seo")
GRADING_SECONDS = 300
# Whatever a page asks for from another host is refused, and counts as a flaw of the page.
ONLY_THIS_MACHINE = "--host-resolver-rules='MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1'"


@dataclass(frozen=True)
class Report:
    """What Lighthouse says of a page: points of 100 by category, and the flaws that cost points."""

    points: Mapping[str, int]
    flaws: Mapping[str, list[str]]


async def graded(url: str, chromium: str, folder: Path) -> Report:
    """The report on the page as a phone with a slow network sees it; `folder` keeps the whole of it."""
    program = node_modules(".lighthouse") / "lighthouse/cli/index.js"
    output = folder / "lighthouse.json"
    arguments = [
        *("node", str(program), url, "--quiet", "--output=json", f"--output-path={output}"),
        f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={' '.join(('--headless', *QUIET, ONLY_THIS_MACHINE))}",
        # A page that hears of changes has a request that does not end, and is graded when this time is over.
        "--max-wait-for-load=10000",
        "--no-enable-error-reporting",
    ]
    ended = await asyncio.to_thread(_run, arguments, {**os.environ, "CHROME_PATH": chromium})
    assert ended.returncode == 0, ended.stderr[-1000:]
    return _report(json.loads(output.read_text()))


def _run(arguments: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, env=environment, capture_output=True, text=True, timeout=GRADING_SECONDS, check=False
    )


def _report(outcome: Mapping[str, Any]) -> Report:
    assert outcome.get("runtimeError") is None, outcome["runtimeError"]
    categories = {name: outcome["categories"][name] for name in CATEGORIES}
    points = {name: round(category["score"] * 100) for name, category in categories.items()}
    return Report(points, {name: _flaws(category, outcome["audits"]) for name, category in categories.items()})


def _flaws(category: Mapping[str, Any], audits: Mapping[str, Any]) -> list[str]:
    counted = (audits[part["id"]] for part in category["auditRefs"] if part["weight"])
    flawed = (audit for audit in counted if audit["score"] is not None and audit["score"] < 1)
    return [f"{audit['title']} {_details(audit)}".strip() for audit in flawed]


def _details(audit: Mapping[str, Any]) -> str:
    items = audit.get("details", {}).get("items", [])
    return audit.get("displayValue") or json.dumps(items)[:500]
