"""A record of refused sign-ins: how often, for which account and from which address, without what strangers typed."""
