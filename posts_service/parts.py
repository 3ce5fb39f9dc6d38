"""The long-lived objects of one process, and the only place where they are built."""

from dataclasses import dataclass

from posts_service.actions.models import ModerationAction
from posts_service.authors.models import Author
from posts_service.comments.models import Comment
from posts_service.events.effects import EFFECTS
from posts_service.likes.models import Like
from posts_service.likes.service import Likes
from posts_service.live.feed import Feed
from posts_service.live.listener_slots import ListenerSlots
from posts_service.moderation.models import Report
from posts_service.moderation.reading import ModerationReading
from posts_service.moderation.reporting import Reporting
from posts_service.pages.my_posts import MyPosts
from posts_service.posts.models import Post
from posts_service.posts.reading import PostReading
from posts_service.posts.service import Posts
from posts_service.search.models import PostTerms
from posts_service.settings import Settings
from posts_service.slugs.models import Slug
from posts_service.tables import RECEIVER, Base
from posts_service.tags.models import PostTag, Tag
from posts_service.versions.models import PostVersion
from watchword.auth import KeySource, RemoteKeys, Verifier
from watchword.clock import Clock, SystemClock
from watchword.database.database import Database
from watchword.database.migrations import Migrations
from watchword.events import Receiver, SilencePolicy, receive_security_events

# Every module with tables is imported here, so that the migrations know them all.
TABLES = (
    Author,
    Comment,
    Like,
    ModerationAction,
    Post,
    PostTag,
    PostTerms,
    PostVersion,
    Report,
    Slug,
    Tag,
)
MIGRATIONS = Migrations("posts_service", "posts", Base.metadata)


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    clock: Clock
    database: Database
    verifier: Verifier
    receiver: Receiver
    posts: Posts
    post_reading: PostReading
    likes: Likes
    reporting: Reporting
    moderation_reading: ModerationReading
    my_posts: MyPosts
    feed: Feed
    listener_slots: ListenerSlots


def assemble(settings: Settings, *, keys: KeySource | None = None, clock: Clock | None = None) -> Parts:
    """Build everything; nothing connects or starts yet. `keys` replaces those that are fetched from the issuer."""
    clock = clock or SystemClock()
    database = Database(settings.database_url, size=settings.database_pool_size)
    silence = SilencePolicy(settings.silence_seconds, refuse_writes=settings.silence_policy == "refuse_writes")
    receiver = receive_security_events(
        settings.issuer,
        database,
        RECEIVER,
        client_id=settings.client_id,
        client_secret=settings.client_secret.get_secret_value(),
        effects=EFFECTS,
        memory_seconds=settings.revocation_memory_seconds,
        silence=silence,
        clock=clock,
        issuer_address=settings.issuer_address,
    )
    keys = keys or RemoteKeys.of(settings.issuer, jwks_url=settings.jwks_url, issuer_address=settings.issuer_address)
    verifier = Verifier(
        issuer=settings.issuer,
        audience=settings.audience,
        keys=keys,
        revocations=receiver,
        leeway_seconds=settings.clock_leeway_seconds,
    )
    post_reading = PostReading(database)
    return Parts(
        settings=settings,
        clock=clock,
        database=database,
        verifier=verifier,
        receiver=receiver,
        posts=Posts(database, clock),
        post_reading=post_reading,
        likes=Likes(database),
        reporting=Reporting(database, clock),
        moderation_reading=ModerationReading(database),
        my_posts=MyPosts(post_reading),
        feed=Feed(database, clock),
        listener_slots=ListenerSlots(),
    )
