"""Usernames that nobody may choose, because others would take their owner for the operator of the service."""

from typing import Final

_SEPARATORS: Final = str.maketrans("", "", "._-")

RESERVED: Final = frozenset(
    {
        # Accounts with power, as other systems name them.
        *(
            "admin",
            "administrator",
            "administrators",
            "admins",
            "adm",
            "root",
            "superuser",
            "sysadmin",
            "sysop",
            "sudo",
        ),
        *(
            "owner",
            "operator",
            "moderator",
            "moderators",
            "mod",
            "mods",
            "staff",
            "team",
            "system",
            "daemon",
            "service",
        ),
        # Mailboxes and roles of a domain (RFC 2142), and those to which certificates are issued.
        *(
            "abuse",
            "billing",
            "contact",
            "helpdesk",
            "help",
            "hostmaster",
            "info",
            "legal",
            "mailerdaemon",
            "marketing",
        ),
        *("news", "noc", "noreply", "postmaster", "press", "privacy", "sales", "security", "support", "usenet", "uucp"),
        *("webmaster", "webmail", "ssladmin", "ssladministrator", "sslwebmaster", "trust", "safety", "compliance"),
        # Hosts and paths.
        *("api", "app", "auth", "account", "accounts", "cdn", "docs", "ftp", "imap", "localhost", "login", "logout"),
        *(
            "mail",
            "metrics",
            "oauth",
            "openid",
            "pop",
            "register",
            "session",
            "sessions",
            "settings",
            "signin",
            "signout",
        ),
        *("signup", "smtp", "ssh", "static", "status", "users", "wellknown", "www", "authorize", "token", "password"),
        # What programs print instead of a name.
        *("anonymous", "anyone", "deleted", "everybody", "everyone", "guest", "me", "nobody", "null", "undefined"),
        *("none", "unknown", "user", "username", "self", "you", "test", "example", "default", "identity", "posts"),
        "watchword",
    }
)
"""In lower case, without dots, hyphens and underscores."""


def plain_name(username: str) -> str:
    """The name as `RESERVED` writes it: `Web-Master` would be read as `webmaster`."""
    return username.lower().translate(_SEPARATORS)
