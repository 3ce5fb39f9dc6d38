"""What every service answers alike: problem documents, conditional requests, validated fields."""

from watchword.http.conditional import Preconditions, is_expected, is_unchanged
from watchword.http.fields import Body, Text
from watchword.http.problems import problem

__all__ = ["Body", "Preconditions", "Text", "is_expected", "is_unchanged", "problem"]
