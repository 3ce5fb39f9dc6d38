"""The long-lived objects of one process, and the only place where they are built."""

from typing import Final

from posts_service.actions.models import ModerationAction
from posts_service.authors.models import Author
from posts_service.cleanup import EXPIRED
from posts_service.comments.derivation import DERIVE as DERIVE_COMMENTS
from posts_service.comments.derivation import CommentDerivation
from posts_service.comments.models import Comment
from posts_service.comments.reading import CommentReading
from posts_service.comments.service import Comments
from posts_service.events.effects import EFFECTS
from posts_service.export.service import Export
from posts_service.export.slots import ExportSlots
from posts_service.feed.service import AtomFeed
from posts_service.history.service import History
from posts_service.idempotency.models import IdempotencyKey
from posts_service.idempotency.service import Idempotency
from posts_service.likes.models import Like
from posts_service.likes.service import Likes
from posts_service.limits import WritingLimits
from posts_service.live.listener_slots import ListenerSlots
from posts_service.live.live_feed import LiveFeed
from posts_service.moderation.models import Report
from posts_service.moderation.reading import ModerationReading
from posts_service.moderation.reporting import Reporting
from posts_service.moderation.unpublishing import Unpublishing
from posts_service.pages.links import links
from posts_service.pages.previews import Previews
from posts_service.pages.reading import ReadingPages
from posts_service.pages.rendering import Pages
from posts_service.pages.writing_keys import WritingKeys
from posts_service.posts.derivation import DERIVE, Derivation
from posts_service.posts.models import Post
from posts_service.posts.reading import PostReading
from posts_service.posts.revisions import PUBLISH, Revisions
from posts_service.posts.scheduled import ScheduledPublications
from posts_service.posts.searching import PostSearch
from posts_service.posts.service import Posts
from posts_service.rendering.renderer import Renderer
from posts_service.rendering.rerendering import Rerendering
from posts_service.search.models import PostTerms
from posts_service.settings import Settings
from posts_service.slugs.models import Slug
from posts_service.tables import ALLOWANCES, JOBS, JOBS_CHANNEL, RECEIVER, Base
from posts_service.tags.correction import CORRECT_TAGS, TagCorrection
from posts_service.tags.models import PostTag, Tag
from posts_service.tags.reading import TagReading
from posts_service.versions.models import PostVersion
from watchword.auth import Guard, KeySource, RemoteKeys, Verifier
from watchword.clock import Clock, SystemClock
from watchword.database.database import Database
from watchword.database.migrations import Migrations
from watchword.database.notifications import Listener
from watchword.digests import KeyedDigests
from watchword.events import SilencePolicy, receive_security_events
from watchword.jobs import JobKind, JobRecords, Jobs, JobWorker
from watchword.jobs.cleanup import CLEANUP, Cleanup
from watchword.jobs.listing import JobList
from watchword.limits import Limiter
from watchword.pages.sealing import sealing_key
from watchword.service.front_page import OWN_LINKS

# Every module with tables is imported here, so that the migrations know them all.
TABLES = (
    Author,
    Comment,
    IdempotencyKey,
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


JOBS_AT_ONCE: Final = 8
"""How many jobs a process does at a time."""


class Parts:
    """The objects of one process, each built from those above it. Nothing connects or starts yet."""

    def __init__(self, settings: Settings, clock: Clock, keys: KeySource | None) -> None:
        self.settings = settings
        self.clock = clock
        self.database = Database(settings.database_url, size=settings.database_pool_size)
        self._add_verification(keys)
        self._add_limits()
        self._add_jobs()
        self._add_posts()
        self._add_moderation()
        self.likes = Likes(self.database, clock, self.limits)
        self.comments = Comments(self.database, clock, self.limits, self.renderer, self.idempotency)
        self.comment_reading = CommentReading(self.database)
        self.atom_feed = AtomFeed(self.database, self.settings.pages_origin or "")
        self.tag_correction = TagCorrection(self.database, self.jobs)
        self.tag_reading = TagReading(self.database)
        self.post_search = PostSearch(self.database, settings.search_language)
        self.export = Export(self.database)
        self.export_slots = ExportSlots()
        self._add_pages()
        self._add_writing()
        self.live_feed = LiveFeed(self.database, clock)
        self.listener_slots = ListenerSlots()

        # The work that is done after the change that caused it has been committed.
        self.job_worker = JobWorker(self.database, self.jobs, self._job_kinds(), at_once=JOBS_AT_ONCE)

    def on_notification(self, _: str) -> None:
        """Look whether a job is due."""
        self.job_worker.wake()

    async def catch_up(self) -> None:
        """Look whether a job is due, since notifications may have been lost."""
        self.job_worker.wake()

    def on_shutdown(self) -> None:
        """End what waits, and begin nothing."""
        # The server would wait for streams that do not end by themselves.
        self.live_feed.close()
        self.job_worker.stop()

    def _add_verification(self, keys: KeySource | None) -> None:
        """What verifies tokens, and receives what the issuer revokes."""
        settings = self.settings
        self.receiver = receive_security_events(
            settings.issuer,
            self.database,
            RECEIVER,
            client_id=settings.client_id,
            client_secret=settings.client_secret.get_secret_value(),
            effects=EFFECTS,
            memory_seconds=settings.revocation_memory_seconds,
            silence=SilencePolicy(settings.silence_seconds, refuse_writes=settings.silence_policy == "refuse_writes"),
            clock=self.clock,
            issuer_address=settings.issuer_address,
        )
        remote = RemoteKeys.of(settings.issuer, jwks_url=settings.jwks_url, issuer_address=settings.issuer_address)
        self.verifier = Verifier(
            issuer=settings.issuer,
            audience=settings.audience,
            keys=keys or remote,
            revocations=self.receiver,
            leeway_seconds=settings.clock_leeway_seconds,
        )

    def _add_limits(self) -> None:
        digests = KeyedDigests(sealing_key(self.settings.pages_sealing_key.get_secret_value()))
        limiter = Limiter(self.settings.database_url, ALLOWANCES, digests.of)
        self.limits = WritingLimits(limiter, self.settings)

    def _add_jobs(self) -> None:
        """What writes jobs down, and what a service needs to look after them."""
        self.jobs = Jobs(JOBS, JOBS_CHANNEL)
        self.cleanup = Cleanup(self.database, self.jobs, self.clock, EXPIRED)
        self.job_records = JobRecords(self.database, self.jobs)
        self.job_list = JobList(self.database, self.jobs)
        self.listener = Listener(self.database.dsn, JOBS_CHANNEL, self.on_notification, self.catch_up)

    def _add_posts(self) -> None:
        """What reads posts, and what changes them."""
        self.renderer = Renderer()
        self.idempotency = Idempotency(self.database, self.clock)
        self.revisions = Revisions(self.settings.search_language, self.jobs)
        common = self.database, self.clock, self.limits, self.renderer, self.revisions
        self.posts = Posts(*common, idempotency=self.idempotency)
        self.history = History(*common)
        self.scheduled_publications = ScheduledPublications(self.database, self.clock, self.revisions)
        rendering = self.database, self.jobs, self.renderer
        self.derivation = Rerendering(*rendering, Derivation(self.database, self.revisions))
        self.comment_derivation = Rerendering(*rendering, CommentDerivation(self.database))
        self.post_reading = PostReading(self.database)

    def _add_moderation(self) -> None:
        acr, max_age = self.settings.moderation_acr, self.settings.moderation_max_age
        # What the operator wants of the sign-in of people who moderate; None if any will do.
        self.moderation_sign_in = Guard(acr=acr, max_age=max_age) if (acr, max_age) != (None, None) else None
        self.reporting = Reporting(self.database, self.clock, self.limits)
        self.moderation_reading = ModerationReading(self.database)
        self.unpublishing = Unpublishing(self.database, self.clock, self.revisions)

    def _add_pages(self) -> None:
        """What makes the pages that people see."""
        settings = self.settings
        self.pages = Pages(settings.issuer, settings.pages_origin or "", (*links(settings.issuer), *OWN_LINKS))
        self.reading_pages = ReadingPages(self.post_reading, self.post_search, self.tag_reading, self.comment_reading)

    def _add_writing(self) -> None:
        """What the pages for writing need beside the API."""
        former = self.settings.pages_former_sealing_key
        self.writing_keys = WritingKeys(
            sealing_key(self.settings.pages_sealing_key.get_secret_value()),
            None if former is None else sealing_key(former.get_secret_value()),
        )
        self.previews = Previews(self.limits, self.renderer)

    def _job_kinds(self) -> dict[str, JobKind]:
        """How each kind of job is done."""
        return {
            CLEANUP: self.cleanup.job_kind(),
            PUBLISH: JobKind(self.scheduled_publications.publish),
            DERIVE: self.derivation.job_kind(),
            CORRECT_TAGS: self.tag_correction.job_kind(),
            DERIVE_COMMENTS: self.comment_derivation.job_kind(),
        }


def assemble(settings: Settings, *, keys: KeySource | None = None, clock: Clock | None = None) -> Parts:
    """Build everything. `keys` replaces those that are fetched from the issuer."""
    return Parts(settings, clock or SystemClock(), keys)
