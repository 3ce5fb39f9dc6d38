"""Reading what /metrics says."""

from collections.abc import Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


class Figures:
    """One answer of /metrics. `types` has the type of each metric by the name that is declared."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.types = dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE "))
        self._samples: Samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        """The sample of exactly these labels; 0 where there is none."""
        return self._samples.get((name, frozenset(labels.items())), 0.0)

    def values(self, label: str) -> set[str]:
        """Every value that this label has anywhere."""
        return {value for _, labels in self._samples for found, value in labels if found == label}

    @property
    def names(self) -> set[str]:
        """The names of all samples."""
        return {name for name, _ in self._samples}


async def figures_of(http: httpx.AsyncClient, url: str = "/metrics") -> Figures:
    answer = await http.get(url)
    assert answer.status_code == 200
    return Figures(answer.text)
