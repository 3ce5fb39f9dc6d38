"""Previews of texts that are being written."""

from posts_service.limits import WritingLimits
from posts_service.rendering.renderer import Renderer
from watchword.auth import Principal


class Previews:
    def __init__(self, limits: WritingLimits, renderer: Renderer) -> None:
        self._limits = limits
        self._renderer = renderer

    async def render(self, writer: Principal, markdown: str) -> str:
        """The text as HTML that is safe to show; nothing is stored. Raises NotPermitted for a caller who is no person,
        LimitReached, TooHardToRender, RenderingBusy."""
        writer.person_id()
        await self._limits.ensure_may_preview(writer)
        return await self._renderer.render(markdown, owner=writer.subject)
