"""How often a person may write: each act is charged to the person, before what it costs."""

from posts_service.limit_settings import LimitSettings
from watchword.auth import Principal
from watchword.limits import Charge, Limit, Limiter


class WritingLimits:
    """A method for each kind of act. Another method's acts count apart. Each raises LimitReached."""

    def __init__(self, limiter: Limiter, settings: LimitSettings) -> None:
        self.limiter = limiter
        self._posts = Limit.parse("posts", settings.limit_posts)
        self._comments = Limit.parse("comments", settings.limit_comments)
        self._likes = Limit.parse("likes", settings.limit_likes)
        self._reports = Limit.parse("reports", settings.limit_reports)
        self._previews = Limit.parse("previews", settings.limit_previews)
        for limit in (self._posts, self._comments, self._likes, self._reports, self._previews):
            limiter.refusals[limit.name] = 0

    async def ensure_may_write(self, writer: Principal) -> None:
        """Charge a post that is written or changed."""
        await self.limiter.ensure_allowed(Charge(self._posts, writer.subject))

    async def ensure_may_comment(self, writer: Principal) -> None:
        """Charge a comment that is written or changed."""
        await self.limiter.ensure_allowed(Charge(self._comments, writer.subject))

    async def ensure_may_like(self, reader: Principal) -> None:
        """Charge a like that is given or taken back."""
        await self.limiter.ensure_allowed(Charge(self._likes, reader.subject))

    async def ensure_may_preview(self, writer: Principal) -> None:
        """Charge a preview of a text that is being written."""
        await self.limiter.ensure_allowed(Charge(self._previews, writer.subject))

    async def ensure_may_report(self, reader: Principal) -> None:
        """Charge a report."""
        await self.limiter.ensure_allowed(Charge(self._reports, reader.subject))
