"""The metrics that deploy/telemetry uses exist, the documentation lists them, and promtool accepts the files."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import services
from tests.support.databases import Databases
from tests.support.metrics import Scrape, scrape
from tests.support.needed import need
from tests.support.services import Identity
from watchword.auth import RemoteKeys, Verifier
from watchword.testing import Issuer

ROOT = Path(__file__).parents[2]
FILES = ROOT / "deploy" / "telemetry"
PROMTOOL = shutil.which("promtool")
NAME = re.compile(r"\bwatchword_\w+")
SUFFIX = re.compile(r"_(bucket|sum|count)$")


@pytest.fixture
async def shown(databases: Databases, identity: Identity, issuer: Issuer) -> dict[str, Scrape]:
    """The metrics of both services, after posts has fetched its keys."""
    keys = RemoteKeys(f"{issuer.url}/.well-known/jwks.json", transport=issuer.transport())
    verifier = Verifier(issuer=issuer.url, audience=issuer.audience, keys=keys)
    async with services.posts(databases, verifier) as posts:
        return {"identity": await scrape(identity.http), "posts": await scrape(posts.http)}


@pytest.fixture(scope="session")
def promtool() -> str:
    need(PROMTOOL, "no promtool on this machine; on Debian: apt install prometheus")
    return str(PROMTOOL)


def run(promtool: str, *arguments: str) -> None:
    process = subprocess.run([promtool, *arguments], cwd=FILES, capture_output=True, text=True, check=False, timeout=60)
    assert process.returncode == 0, process.stdout + process.stderr


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((FILES / "alerts.yml").read_text())["groups"]
    alerts: list[dict[str, Any]] = group["rules"]
    return alerts


def dashboard() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FILES / "grafana" / "dashboards" / "watchword.json").read_text())
    return content


def expressions() -> list[str]:
    """Every expression of the alerts and the dashboard."""
    panels = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    return [rule["expr"] for rule in rules()] + panels


def exists(name: str, types: dict[str, str]) -> bool:
    return name in types or types.get(SUFFIX.sub("", name)) == "histogram"


def rows(heading: str) -> list[list[str]]:
    """The rows of the table below this heading of docs/telemetry.md, without the table's head."""
    part = (ROOT / "docs" / "telemetry.md").read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    table = [line.strip("|").split("|") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in table[2:]]


async def test_every_metric_that_is_queried_exists(shown: dict[str, Scrape]) -> None:
    types = {**shown["identity"].types, **shown["posts"].types}
    names = {name for expression in expressions() for name in NAME.findall(expression)}
    assert names
    assert [name for name in sorted(names) if not exists(name, types)] == []


async def test_every_metric_is_on_the_dashboard(shown: dict[str, Scrape]) -> None:
    text = json.dumps(dashboard())
    assert [name for figures in shown.values() for name in figures.types if name not in text] == []


async def test_the_documentation_lists_exactly_the_metrics_that_exist(shown: dict[str, Scrape]) -> None:
    exist = {
        (name, kind, "both" if name in shown["identity"].types and name in shown["posts"].types else service)
        for service, figures in shown.items()
        for name, kind in figures.types.items()
    }
    listed = {(row[0].strip("`"), row[1], row[3]) for row in rows("Metrics")}
    assert listed == exist != set()


async def test_the_documentation_names_every_label_and_outcome(shown: dict[str, Scrape]) -> None:
    listed = " ".join(cell for row in rows("Metrics") for cell in (row[2], row[4]))
    values = {
        value for figures in shown.values() for label in ("outcome", "state", "pool") for value in figures.values(label)
    }
    assert {f"`{value}`" for value in values} <= set(re.findall(r"`\w+`", listed))


def test_the_documentation_lists_exactly_the_alerts() -> None:
    listed = {(row[0].strip("`"), row[1]) for row in rows("Alerts")}
    assert listed == {(rule["alert"], rule["labels"]["severity"]) for rule in rules()} != set()


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    assert all(set(rule["annotations"]) == {"summary", "description"} and rule["for"] for rule in rules())


def test_every_alert_has_a_test() -> None:
    tests = (FILES / "alerts_test.yml").read_text()
    assert [rule["alert"] for rule in rules() if f'alertname="{rule["alert"]}"' not in tests] == []


def test_prometheus_discovers_every_replica() -> None:
    jobs = yaml.safe_load((FILES / "prometheus.yml").read_text())["scrape_configs"]
    targets = {
        job["job_name"]: [(dns["names"], dns["type"], dns["port"]) for dns in job["dns_sd_configs"]] for job in jobs
    }
    assert targets == {"identity": [(["identity"], "A", 8001)], "posts": [(["posts"], "A", 8002)]}


def test_grafana_has_its_dashboard_and_its_data_source() -> None:
    provisioning = FILES / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    sources = {target["datasource"]["uid"] for panel in dashboard()["panels"] for target in panel["targets"]}
    assert sources == {source["uid"]}
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "watchword.yml").read_text())["providers"]
    assert provider["options"]["path"].startswith("/")


def test_prometheus_accepts_its_configuration_and_the_rules(promtool: str) -> None:
    run(promtool, "check", "config", "prometheus.yml")
    run(promtool, "check", "rules", "alerts.yml")


def test_alerts_fire_when_they_should_and_only_then(promtool: str) -> None:
    run(promtool, "test", "rules", "alerts_test.yml")


def test_every_expression_of_the_dashboard_can_be_parsed(promtool: str, tmp_path: Path) -> None:
    """Expressions are passed to promtool as rules, which it parses, with values for the variables of Grafana."""
    panels = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    parsed = [expr.replace("$__rate_interval", "1m").replace("$job", "posts") for expr in panels]
    records = [{"record": f"panel:{number}", "expr": expr} for number, expr in enumerate(parsed)]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": records}]}))
    run(promtool, "check", "rules", "--lint=none", str(file))
