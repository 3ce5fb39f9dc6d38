"""The refusal of a request that would exceed a limit."""

from watchword.errors import TooManyRequests
from watchword.limits.limit import Limit


class LimitReached(TooManyRequests):
    """It says when the same request may succeed, and which limit it met: 429 with Retry-After, RateLimit-Policy and
    RateLimit (draft-ietf-httpapi-ratelimit-headers)."""

    def __init__(self, limit: Limit, wait_seconds: int) -> None:
        super().__init__(f"the limit {limit.name} is reached")
        self.limit = limit
        self.wait_seconds = wait_seconds

    @classmethod
    def example(cls) -> "LimitReached":
        return cls(Limit("sign-in", 10, 900), 90)

    def headers(self) -> dict[str, str]:
        return {
            "Retry-After": str(self.wait_seconds),
            "RateLimit-Policy": self.limit.policy,
            "RateLimit": f'"{self.limit.name}";r=0;t={self.wait_seconds}',
        }
