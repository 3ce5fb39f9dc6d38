"""The style that services have in common: its colours can be read in both themes."""

import re

import pytest

from watchword.service.styles import foundation

CSS = foundation().decode()
THEMES = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
LIGHT, DARK = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", theme)) for theme in THEMES)
ON = {
    "ground": ("text", "quiet", "accent", "accent-strong", "wrong"),
    "sheet": ("text", "quiet", "accent", "accent-strong", "wrong"),
    "wrong-ground": ("text", "wrong"),
    "accent": ("on-accent",),
    "accent-strong": ("on-accent",),
    "wrong": ("on-accent",),
}
"""The colours of texts on each ground."""


def luminance(colour: str) -> float:
    """The relative luminance (WCAG 2.2)."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_has_enough_contrast_to_what_it_stands_on(theme: dict[str, str]) -> None:
    low = [
        (text, ground) for ground, texts in ON.items() for text in texts if contrast(theme[text], theme[ground]) < 4.5
    ]
    assert low == []


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_edges_of_fields_and_the_mark_of_the_focus_can_be_seen(theme: dict[str, str]) -> None:
    for name in ("edge", "focus"):
        assert all(contrast(theme[name], theme[ground]) >= 3 for ground in ("ground", "sheet")), name


def test_both_themes_have_the_same_colours_and_every_colour_that_is_used_is_one_of_them() -> None:
    assert LIGHT.keys() == DARK.keys()
    assert set(re.findall(r"var\(--([a-z-]+)\)", CSS)) == LIGHT.keys()
