"""Small invented posts: the same name and number always give the same text."""

import random
from typing import NamedTuple

_THINGS = (
    "queue", "clock", "compiler", "garden gate", "lighthouse", "library card", "railway timetable", "kettle",
    "old bridge", "sorting machine", "weather station", "paper map", "night train", "bicycle bell", "proof",
)  # fmt: skip
_TITLES = (
    "What a {thing} taught me about {virtue}",
    "Notes on the {thing} by the {place}",
    "In praise of the slow {thing}",
    "The {thing}, the {other} and a question of {virtue}",
    "How I mended a {thing} with nothing but {virtue}",
    "Against the clever {thing}",
)
_VIRTUES = ("patience", "honest names", "small steps", "symmetry", "good defaults", "silence", "doubt")
_PLACES = ("harbour", "north window", "station", "second floor", "river", "workshop", "end of the street")
_OPENINGS = (
    "Every morning I walk past the {place}, and every morning the {thing} is there before me.",
    "Nobody asked for another note on the {thing}. Here it is all the same.",
    "I used to think that a {thing} needs {virtue} least of all.",
    "It began with a {thing} that worked, which is always suspicious.",
)
_MIDDLES = (
    "Take it apart and you find a {other} inside, doing most of the work without complaint.",
    "The trick, if there is one, is **{virtue}**: decide once, write it down, and stop deciding.",
    "My neighbour keeps a {other} for the same purpose and swears that it never fails on a Tuesday.",
    "I measured it twice. The second time I wrote the number down, and that made all the difference.",
    "There were three ways to do it, and I tried the fourth.",
    "A {thing} does not care who is watching; that is the best thing I can say of it.",
)
_ENDINGS = (
    "Tomorrow I shall try it with a {other}.",
    "If you know a better {thing}, tell me below.",
    "So much for {virtue}. The kettle is on.",
    "Next time: the {place}, in the rain.",
)


class Text(NamedTuple):
    """A title, a body in Markdown, and tags."""

    title: str
    body: str
    tags: list[str]


def write_post(username: str, number: int) -> Text:
    """Return a post whose title differs from the author's others."""
    return numbered(invent(f"{username} {number}"), number)


def numbered(text: Text, number: int) -> Text:
    return text._replace(title=f"{text.title} ({number + 1})")


def invent(seed: str) -> Text:
    """Return the text of this seed. Half of all texts have the word Tuesday, and the tag `tuesdays`."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    thing, other = chance.sample(_THINGS, 2)
    words = {
        "thing": thing,
        "other": other,
        "virtue": chance.choice(_VIRTUES),
        "place": chance.choice(_PLACES),
    }
    title = chance.choice(_TITLES).format(**words)
    listing = "\n".join(f"- {item}" for item in chance.sample(_THINGS, 3))
    paragraphs = [
        chance.choice(_OPENINGS),
        " ".join(chance.sample(_MIDDLES, 3)),
        f"## What you need\n\n{listing}",
        chance.choice(_ENDINGS),
    ]
    body = "\n\n".join(paragraphs).format(**words)
    tags = [item.replace(" ", "-") for item in (thing, words["virtue"])]
    return Text(title, body, [*tags, "tuesdays"] if "Tuesday" in body else tags)
