"""The UserInfo endpoint (OpenID Connect Core section 5.3): what a client may know of the person who signed in."""
