"""Store what a measurement printed, and make docs/performance.md from everything that is stored."""

from docs import performance_page
from tests.bench.section import Section


def store(name: str, section: Section, description: str) -> None:
    """Replace what is stored of this measurement, its pictures included."""
    folder = performance_page.MEASURED
    for file_name, picture in section.pictures.items():
        (folder / file_name).write_text(picture, encoding="utf-8")
    (folder / f"{name}.md").write_text(f"{section.markdown}\n\n{description}\n", encoding="utf-8")
    performance_page.write()
