"""The settings of limits: how often a person may write."""

from pydantic import Field

from watchword.limits import Quota
from watchword.service import ServiceSettings


class LimitSettings(ServiceSettings):
    """Each is a number and seconds, such as 120/3600: all of them at once, and then one more each 30 seconds."""

    limit_posts: Quota = Field("120/3600", description="Posts that one person writes or changes, as number/seconds")
    limit_comments: Quota = Field("240/3600", description="Comments that one person writes or changes")
    limit_likes: Quota = Field("1200/3600", description="Likes that one person gives or takes back")
    limit_previews: Quota = Field("1800/3600", description="Previews of a text that one person is writing")
    limit_reports: Quota = Field("60/3600", description="Reports that one person sends to the moderators")
