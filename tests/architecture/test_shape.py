"""How the code is cut and named: STYLE's sizes, few parameters, no circles, no participles as names."""

import statistics

from tests.architecture.code import EVERYTHING, PRODUCT, functions, modules, names

PARTICIPLES = frozenset({"found", "asked", "told", "kept", "standing", "given"})
MAX_LINES = 40
MAX_POSITIONAL = 5

# Each with its reason.
MANY_PARAMETERS: dict[str, str] = {}


def test_no_name_is_a_bare_participle() -> None:
    offenders = [
        f"{path}:{line} {name}"
        for path, tree in modules(EVERYTHING)
        for name, line in names(tree)
        if name.strip("_").lower() in PARTICIPLES
    ]
    assert offenders == []


def test_no_function_is_longer_than_a_screen() -> None:
    assert [f"{f.place}: {f.lines}" for f in functions(PRODUCT) if f.lines > MAX_LINES] == []


def test_half_of_all_functions_have_at_most_seven_lines() -> None:
    assert statistics.median(f.lines for f in functions(PRODUCT)) <= 7


def test_functions_take_few_positional_parameters() -> None:
    long = {
        f.place.rpartition(":")[0] + " " + f.node.name: f.positional
        for f in functions(PRODUCT)
        if len(f.positional) > MAX_POSITIONAL and not f.is_route
    }
    assert long.keys() == MANY_PARAMETERS.keys(), long
    assert len(MANY_PARAMETERS) <= 3
