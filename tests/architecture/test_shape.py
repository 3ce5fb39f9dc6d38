"""Names, sizes and parameters of all functions, as the style guide limits them."""

import statistics

from tests.architecture.code import EVERYTHING, PRODUCT, functions, modules, names

PARTICIPLES = frozenset({"found", "asked", "told", "kept", "standing", "given"})
MAX_LINES = 40
MAX_MEDIAN_LINES = 7
MAX_POSITIONAL = 5
MAX_EXCEPTIONS = 3

# "path function": the reason for more positional parameters.
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
    assert [
        f"{function.name}: {function.lines}" for function in functions(EVERYTHING) if function.lines > MAX_LINES
    ] == []


def test_half_of_all_functions_have_at_most_seven_lines() -> None:
    assert statistics.median(function.lines for function in functions(PRODUCT)) <= MAX_MEDIAN_LINES


def test_functions_take_few_positional_parameters() -> None:
    offenders = {
        function.name: function.positional
        for function in functions(PRODUCT)
        if len(function.positional) > MAX_POSITIONAL and not function.is_route
    }
    assert offenders.keys() == MANY_PARAMETERS.keys(), offenders
    assert len(MANY_PARAMETERS) <= MAX_EXCEPTIONS
    assert all(MANY_PARAMETERS.values())
