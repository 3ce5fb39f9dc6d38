"""What is here beside the posts themselves."""

from watchword.service import Link


def links(issuer: str) -> tuple[Link, ...]:
    """The places of this service that its front page and its page about itself name first."""
    return (
        Link("/mine", "Your posts", "What you have written, after you have signed in."),
        Link("/posts", "Posts", "The published posts, newest first, as JSON."),
        Link("/feed.atom", "Feed", "The newest posts for feed readers."),
        Link(issuer, "Watchword identity", "Signs people in, and issues the tokens that are valid here."),
    )
