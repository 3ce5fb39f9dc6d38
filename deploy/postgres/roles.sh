#!/usr/bin/env bash
# Creates the roles and schemas of Watchword in the database that PGHOST, PGUSER and PGDATABASE name. The passwords
# come from the URLs that the services use. A secret that is missing or empty is an error that names it.
set -euo pipefail
secrets=${WATCHWORD_SECRETS_FOLDER:-/run/secrets}

read_secret() { # NAME
  local value=""
  [ ! -f "$secrets/$1" ] || value=$(<"$secrets/$1")
  [ -n "$value" ] || { echo "$1 is missing or empty" >&2; return 1; }
  printf '%s' "$value"
}

password_in() { # NAME of a secret with a URL like postgresql://role:password@host/database
  local url password
  url=$(read_secret "$1")
  password=$(sed -nE 's|^[a-z+]+://[^:/@]+:([^@/]+)@[^@]+$|\1|p' <<<"$url")
  [ -n "$password" ] || { echo "$1 is not a URL with a password; write every character but letters and digits as %XX" >&2; return 1; }
  password=${password//\\/\\\\}
  printf '%b' "${password//%/\\x}"
}

PGPASSWORD=$(read_secret POSTGRES_PASSWORD); export PGPASSWORD
identity_owner=$(password_in IDENTITY_MIGRATION_DATABASE_URL); export identity_owner
identity_app=$(password_in IDENTITY_DATABASE_URL); export identity_app
posts_owner=$(password_in POSTS_MIGRATION_DATABASE_URL); export posts_owner
posts_app=$(password_in POSTS_DATABASE_URL); export posts_app

# psql reads them from its environment: arguments are visible to every user of the machine.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 <<'SQL'
\getenv identity_owner_password identity_owner
\getenv identity_app_password identity_app
\getenv posts_owner_password posts_owner
\getenv posts_app_password posts_app
\ir '/roles/init.sql'
SQL
