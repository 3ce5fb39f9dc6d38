"""What is refused about services, and about their scopes and permissions."""

from watchword.errors import Conflict, NotFound


class WordTaken(Conflict):
    """A scope or a permission belongs to one service."""

    code = "scope_or_permission_taken"
    detail = "A scope or a permission belongs to another service."


class ServiceNotFound(NotFound):
    code = "service_not_found"
    detail = "There is no such service."


class ServiceExists(Conflict):
    code = "service_exists"
    detail = "There is a service with this audience already."


class ServiceNeeded(Conflict):
    """Every installation has it, and the set-up would make it again."""

    code = "service_needed"
    detail = "Every installation has this: it cannot be removed."


class ServiceInUse(Conflict):
    code = "service_in_use"
    detail = "A client may still ask for tokens for this service. Remove its audience and scopes from the client first."


class ScopeInUse(Conflict):
    code = "scope_in_use"
    detail = "A client may still ask for a scope that this would remove. Remove it from the client first."
