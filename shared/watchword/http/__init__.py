"""What every service answers alike: problem documents, their description, conditional requests, validated fields."""

from watchword.http.conditional import is_expected, is_unchanged
from watchword.http.fields import Body, Text
from watchword.http.problems import problem
from watchword.http.responses import answer, refusals

__all__ = ["Body", "Text", "answer", "is_expected", "is_unchanged", "problem", "refusals"]
