"""What every service answers alike: problem documents, their description, conditional requests, validated fields."""

from watchword.http.conditional import Preconditions, is_expected, is_unchanged
from watchword.http.fields import Body, Text
from watchword.http.hot_route import HotRoute, StrictHotRoute
from watchword.http.json_bytes import JsonBytes
from watchword.http.problem_responses import problem
from watchword.http.problems import Unparsable
from watchword.http.responses import answer, refusals
from watchword.http.strict import BadRequestRoute, StrictRoute

__all__ = [
    "BadRequestRoute",
    "Body",
    "HotRoute",
    "JsonBytes",
    "Preconditions",
    "StrictHotRoute",
    "StrictRoute",
    "Text",
    "Unparsable",
    "answer",
    "is_expected",
    "is_unchanged",
    "problem",
    "refusals",
]
