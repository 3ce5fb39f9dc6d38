"""Read what a service answers at /metrics."""

from collections.abc import Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


class Scrape:
    """One answer of /metrics. `types` maps the name of each declared metric to its type."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.types = dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE "))
        self._samples: Samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        """The value of the sample with exactly these labels; 0 if there is no such sample."""
        return self._samples.get((name, frozenset(labels.items())), 0.0)

    def values(self, label: str, metric: str | None = None) -> set[str]:
        """Every value that this label has in any sample, or in those of one metric."""
        samples = [labels for name, labels in self._samples if metric in (None, name)]
        return {value for labels in samples for name, value in labels if name == label}

    @property
    def names(self) -> set[str]:
        """The names of all samples."""
        return {name for name, _ in self._samples}


async def scrape(http: httpx.AsyncClient, url: str = "/metrics") -> Scrape:
    answer = await http.get(url)
    assert answer.status_code == 200
    return Scrape(answer.text)
