"""The erasure of a person whose account is deleted: what is theirs goes, and where they acted they are not named."""
