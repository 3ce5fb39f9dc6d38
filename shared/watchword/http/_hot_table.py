"""The hot routes of an app, found by the method and the path of a request before FastAPI looks through its routes."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import Any, Final

from fastapi import FastAPI

from watchword.http._calls import Unplanned, calls_of
from watchword.http._framework import Operation, operations, routers_of, version_of
from watchword.http._plan import Plan
from watchword.http.hot_route import HotRoute, StrictHotRoute

logger = logging.getLogger("watchword.configuration")

# A subclass may handle requests in a way of its own, which a plan would pass over.
_HOT: Final = (HotRoute, StrictHotRoute)

# A parameter with another convertor than these can have slashes in its value.
_ONE_SEGMENT: Final = re.compile(r"\{\w+(:(str|int|float|uuid))?\}")


@dataclass(frozen=True, slots=True)
class HotOperation:
    """An operation whose well-formed requests are answered by its plan.

    A path that one of the patterns `before` matches belongs to a route that stands before this one. `provider` is the
    app whose `dependency_overrides` hold for the operation.
    """

    plan: Plan
    pattern: re.Pattern[str]
    convertors: Mapping[str, Callable[[str], Any]]
    before: Sequence[re.Pattern[str]]
    route: object
    endpoint: object
    provider: Any

    def has_overrides(self) -> bool:
        return self.provider is not None and bool(self.provider.dependency_overrides)

    def path_params(self, path: str) -> dict[str, Any] | None:
        """The parameters in this path; None if it belongs to another route, or has one that cannot be converted."""
        match = self.pattern.match(path)
        if match is None:
            return None
        for pattern in self.before:
            if pattern.match(path) is not None:
                return None
        path_params: dict[str, Any] = match.groupdict()
        try:
            for name, convert in self.convertors.items():
                path_params[name] = convert(path_params[name])
        except Exception:
            # FastAPI meets the same error where the handlers of the app are called.
            return None
        return path_params


@dataclass(slots=True)
class _Routes:
    """The hot operations with one method: those with a fixed path, by that path, and the others in their order."""

    fixed: dict[str, HotOperation] = field(default_factory=dict)
    others: list[HotOperation] = field(default_factory=list)


class HotTable:
    """The hot operations of an app. The table is outdated once the app or one of its routers has other routes."""

    def __init__(self, app: FastAPI) -> None:
        self._methods: dict[str, _Routes] = {}
        self._router = app.router
        self._own_routes = list(app.router.routes)
        self._routers, are_plain = routers_of(app)
        self._version = version_of(self._routers)
        if are_plain:
            self._fill(list(operations(app)))

    def is_current(self) -> bool:
        # Compared by identity: to Starlette, two routes with different guards can be equal.
        own, known = self._router.routes, self._own_routes
        return len(own) == len(known) and all(map(is_, own, known)) and version_of(self._routers) == self._version

    def find(self, method: str, path: str) -> tuple[HotOperation, dict[str, Any]] | None:
        """The operation that answers this request, with the parameters in its path; None if FastAPI has to look."""
        routes = self._methods.get(method)
        if routes is None:
            return None
        if (operation := routes.fixed.get(path)) is not None:
            return operation, {}
        for operation in routes.others:
            if (path_params := operation.path_params(path)) is not None:
                return operation, path_params
        return None

    def _fill(self, served: Sequence[Operation]) -> None:
        for index, operation in enumerate(served):
            if not (operation.is_routed_by_path or operation.is_websocket):
                # A host, or a route of a class of the app's own, may take any request that comes after it.
                return
            plan = _plan_of(operation)
            if plan is not None:
                before = [it.pattern for it in served[:index] if _may_come_before(it, operation)]
                self._add(operation, plan, before)

    def _add(self, operation: Operation, plan: Plan, before: Sequence[re.Pattern[str]]) -> None:
        hot = HotOperation(
            plan,
            operation.pattern,
            operation.convertors(),
            before,
            operation.route,
            operation.endpoint,
            operation.provider,
        )
        path = operation.template
        is_fixed = "{" not in path
        if is_fixed and any(pattern.match(path) for pattern in before):
            return
        for method in operation.methods:
            routes = self._methods.setdefault(method, _Routes())
            if is_fixed:
                routes.fixed.setdefault(path, hot)
            else:
                routes.others.append(hot)


def _plan_of(operation: Operation) -> Plan | None:
    if type(operation.route) not in _HOT or operation.has_body_limit:
        return None
    try:
        calls, body = calls_of(operation.dependant)
    except Unplanned:
        return None
    except (AttributeError, TypeError):
        # This release of FastAPI has other names than those that this code was tried with. It serves the route itself.
        logger.warning("no plan for %s", operation.name, exc_info=True)
        return None
    return Plan(calls, body, is_strict=operation.refuses_repetition)


def _may_come_before(earlier: Operation, operation: Operation) -> bool:
    """Whether a route that stands before an operation can take a request that matches both."""
    if earlier.is_websocket:
        return False
    shares_method = not earlier.methods or not earlier.methods.isdisjoint(operation.methods)
    return shares_method and may_share_a_path(earlier.template, operation.template)


def may_share_a_path(one: str, other: str) -> bool:
    """Whether a path may match both of these templates. False only if none can."""
    if _may_span_segments(one) or _may_span_segments(other):
        begin, other_begin = one.partition("{")[0], other.partition("{")[0]
        return begin.startswith(other_begin) or other_begin.startswith(begin)
    segments, other_segments = one.split("/"), other.split("/")
    return len(segments) == len(other_segments) and all(
        segment == other_segment or "{" in segment or "{" in other_segment
        for segment, other_segment in zip(segments, other_segments, strict=True)
    )


def _may_span_segments(template: str) -> bool:
    return "{" in _ONE_SEGMENT.sub("", template)
