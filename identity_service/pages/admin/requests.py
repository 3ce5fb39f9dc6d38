"""A request of an administrator at the pages: who asks, and how they are answered."""

from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import Request
from starlette.responses import Response

from identity_service.events.schemas import ObedienceRead
from identity_service.obedience.models import Act
from identity_service.obedience.service import Obedience
from identity_service.pages.admin.forms import Place
from identity_service.pages.admin.rendering import AdminPages
from identity_service.pages.admin.sealed_query import SealedQuery
from identity_service.pages.errors import FormMalformed
from identity_service.pages.forms import NOTHING, AnyModel, Form, parse, query_of
from identity_service.pages.rendering import go
from identity_service.recording.cause import Cause
from identity_service.sign_ons.values import LiveSignOn
from watchword.ids import parse_uuid

OBEDIENCE_SECONDS: Final = 5
"""How long an administrator waits at most to see which services obey."""

_ANSWER: Final = "answer"
_NOTICE: Final = "notice"
_TYPED: Final = "typed"


class AdminRequest:
    """Only the guard makes one: where there is one, an administrator has been let in."""

    def __init__(
        self,
        request: Request,
        sign_on: LiveSignOn,
        *,
        pages: AdminPages,
        obedience: Obedience,
        sealed_query: SealedQuery,
    ) -> None:
        self.sign_on = sign_on
        self._request = request
        self._pages = pages
        self._obedience = obedience
        self._sealed_query = sealed_query

    @property
    def cause(self) -> Cause:
        return Cause(str(self.sign_on.user_id), "admin", "an act of an administrator")

    def page(self, template: str, section: str, form: Form[Any] = NOTHING, **words: Any) -> Response:
        """A page, as AdminPages makes it. It shows the notice that the act before it has left, if there is one."""
        path = self._request.url.path
        notice = self._open(_NOTICE)
        return self._pages.page(
            template, section, path, form, administrator=self.sign_on.username, notice=notice, **words
        )

    def query(self, model: type[AnyModel]) -> Form[AnyModel]:
        """The parameters that the model has, from the query of a form that is sent by GET. Others are ignored."""
        known = [(name, value) for name, value in parse_qsl(query_of(self._request)) if name in model.model_fields]
        return parse(urlencode(known), model)

    def cursor(self) -> str | None:
        """Where the page of the list begins; None for the first one, and if no link of ours has the query."""
        place = self.query(Place).model
        return None if place is None else place.cursor

    def next_path(self, cursor: str | None, filters: Form[Any] = NOTHING) -> str | None:
        """The path of the page of this list that begins there, with the same filters."""
        words = {**filters.values, "cursor": cursor}
        return None if cursor is None else f"{self._request.url.path}?{urlencode(words)}"

    def typed(self, model: type[AnyModel], otherwise: Form[AnyModel]) -> Form[AnyModel]:
        """What this administrator had typed into the form of this page before they had to sign in again; `otherwise` if
        they had not."""
        text = self._open(_TYPED)
        if text is None:
            return otherwise
        try:
            form = parse(text, model)
        except FormMalformed:
            return otherwise
        return Form(form.values, None, (), form.choices)

    def query_with_typed(self, text: str) -> str:
        """The query by which the page of this form shows what was typed, without passwords; empty if it cannot."""
        shown = [(name, value) for name, value in parse_qsl(text) if "password" not in name]
        return self._query(self._request.url.path, _TYPED, urlencode(shown))

    def go(self, path: str, notice: str) -> Response:
        """Go on to another page, which shows this notice: the name of a text."""
        query = self._query(path, _NOTICE, notice)
        return go(f"{path}?{query}" if query else path)

    async def go_after(self, act: Act | None, path: str) -> Response:
        """Wait until every service obeys the act, and go on to a page that says which do. None is an act that had
        nothing to change."""
        entry_id = await self._obedience.wait_for_entry(act, OBEDIENCE_SECONDS)
        return go(path if entry_id is None else f"{path}?{_ANSWER}={entry_id}")

    async def obedience_of(self, subject: object) -> ObedienceRead | None:
        """Which services obey the act of this administrator on this subject that has led to the page; None if the
        page was opened otherwise."""
        entry_id = parse_uuid(self._request.query_params.get(_ANSWER, ""))
        if entry_id is None:
            return None
        return await self._obedience.find_about(str(subject), self.sign_on.user_id, entry_id)

    def _query(self, path: str, name: str, text: str) -> str:
        value = self._sealed_query.seal(self.sign_on.user_id, path, name, text)
        return "" if value is None else f"{name}={value}"

    def _open(self, name: str) -> str | None:
        value = self._request.query_params.get(name, "")
        return self._sealed_query.open(self.sign_on.user_id, self._request.url.path, name, value)
