"""Applications that do the work of posts_service in two usual styles, and npm's `oidc-provider`, to compare with."""
