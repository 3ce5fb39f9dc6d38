"""Reading a YAML file whose values are texts, true and false, lists and mappings, each with its line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from identity_service.realm.places import FaultyFile, FileFault, Path

MAX_BYTES: Final = 1_048_576
_MAX_DEPTH: Final = 10
_TAG: Final = "tag:yaml.org,2002:"
_BOOLEANS: Final = yaml.SafeLoader.bool_values


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, the line of each value, the first being 1, and what its form has against it."""

    value: Any
    lines: dict[Path, int]
    faults: list[FileFault]


class _Loader(yaml.SafeLoader):
    """Refuses anchors and aliases, by which a small file can stand for an immense one, and deep nesting."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise yaml.MarkedYAMLError(problem="anchors and aliases are not allowed", problem_mark=event.start_mark)
        if self._depth == _MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem="it is nested too deeply", problem_mark=event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def read(content: bytes) -> Document:
    """The document in a file. Raises FaultyFile if it is none."""
    if len(content) > MAX_BYTES:
        raise FaultyFile(advice=f"the file has more than {MAX_BYTES} bytes")
    try:
        node = yaml.compose(content.decode("utf-8-sig"), Loader=_Loader)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FaultyFile(advice=f"line {line}: the file is not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        raise FaultyFile(advice=f"line {_line(error.problem_mark)}: {_problem(error)}") from None
    except yaml.reader.ReaderError as error:
        raise FaultyFile(advice=f"the file has a character that YAML does not allow: {error.character!r}") from None
    except (ValueError, OverflowError):
        # The parser itself trips over escapes beyond the last character and over endless numbers of a version.
        raise FaultyFile(advice="the file has an escape or a number that YAML does not allow") from None
    if node is None:
        raise FaultyFile(advice="the file is empty")
    lines: dict[Path, int] = {}
    faults: list[FileFault] = []
    return Document(_value(node, (), lines, faults), lines, faults)


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], faults: list[FileFault]) -> Any:
    # Of a key that is there twice, the second is where people look.
    lines[path] = _line(node.start_mark)
    if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
        return {key: _value(value, (*path, key), lines, faults) for key, value in _pairs(node, path, lines, faults)}
    if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
        return [_value(item, (*path, index), lines, faults) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node, path, faults)
    faults.append(FileFault(path, f"the tag {node.tag.removeprefix(_TAG)} is not allowed"))
    return None


def _pairs(
    node: yaml.MappingNode, path: Path, lines: dict[Path, int], faults: list[FileFault]
) -> Iterator[tuple[str, yaml.Node]]:
    names: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag != f"{_TAG}str":
            text = key.value if isinstance(key, yaml.ScalarNode) else "this"
            lines[(*path, text)] = _line(key.start_mark)
            faults.append(FileFault((*path, text), "it is no name: write it in quotes if it is meant as one"))
        elif key.value in names:
            lines[(*path, key.value)] = _line(key.start_mark)
            faults.append(FileFault((*path, key.value), f"line {_line(key.start_mark)} has it a second time"))
        else:
            names.add(key.value)
            yield key.value, value


def _scalar(node: yaml.ScalarNode, path: Path, faults: list[FileFault]) -> str | bool | None:
    kind = node.tag.removeprefix(_TAG)
    if kind == "str":
        return str(node.value)
    if kind == "bool" and node.value.lower() in _BOOLEANS:
        return bool(_BOOLEANS[node.value.lower()])
    if kind == "null":
        return None
    meaning = {"int": "a number", "float": "a number", "timestamp": "a date"}.get(kind, f"of the kind {kind}")
    faults.append(FileFault(path, f"YAML reads {node.value} as {meaning}: write it in quotes if it is meant as a text"))
    return None


def _line(mark: yaml.Mark | None) -> int:
    return mark.line + 1 if mark is not None else 1


def _problem(error: yaml.MarkedYAMLError) -> str:
    return " ".join(part for part in (error.context, error.problem) if part)
