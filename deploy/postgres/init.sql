-- The roles and schemas of Watchword: for each service an owner, which runs its migrations, and an app role, which
-- reads and writes rows and nothing else. It can run at every start. psql runs it as superuser, in the database:
--
--   psql -v ON_ERROR_STOP=1 -v identity_owner_password=... -v identity_app_password=...
--        -v posts_owner_password=... -v posts_app_password=... -f init.sql watchword

BEGIN;

-- The statements below contain passwords, so they must not be logged.
SET LOCAL log_statement = 'none';
SET LOCAL log_min_duration_statement = -1;
SET LOCAL log_min_error_statement = 'panic';
SET LOCAL client_min_messages = 'warning';

-- Concurrent starts take turns.
SELECT pg_advisory_xact_lock(hashtext('watchword init')) \g /dev/null

SELECT format('CREATE ROLE %I', role)
FROM unnest(ARRAY['identity_owner', 'identity_app', 'posts_owner', 'posts_app']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)
\gexec

ALTER ROLE identity_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD :'identity_owner_password';
ALTER ROLE identity_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD :'identity_app_password';
ALTER ROLE posts_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD :'posts_owner_password';
ALTER ROLE posts_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS
    PASSWORD :'posts_app_password';

REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO identity_owner, identity_app, posts_owner, posts_app;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA IF NOT EXISTS identity AUTHORIZATION identity_owner;
CREATE SCHEMA IF NOT EXISTS posts AUTHORIZATION posts_owner;
GRANT USAGE ON SCHEMA identity TO identity_app;
GRANT USAGE ON SCHEMA posts TO posts_app;

-- For future tables only, so that this does not restore a privilege that a migration has revoked.
ALTER DEFAULT PRIVILEGES FOR ROLE identity_owner IN SCHEMA identity
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO identity_app;
ALTER DEFAULT PRIVILEGES FOR ROLE identity_owner IN SCHEMA identity
    GRANT USAGE, SELECT ON SEQUENCES TO identity_app;
ALTER DEFAULT PRIVILEGES FOR ROLE posts_owner IN SCHEMA posts
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO posts_app;
ALTER DEFAULT PRIVILEGES FOR ROLE posts_owner IN SCHEMA posts
    GRANT USAGE, SELECT ON SEQUENCES TO posts_app;

COMMIT;
