"""A function by which the app role erases the addresses of a deleted account in the audit log, and nothing else."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

FUNCTION = "identity.erase_audit_addresses(uuid, uuid, integer)"

# The entry of the deletion, since the app role can delete an account and insert it again, but delete no entry.
# An entry of somebody else about this person, such as an administrator, keeps the address: it is theirs.
CREATE = """
CREATE FUNCTION identity.erase_audit_addresses(person uuid, after_id uuid, portion integer) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text := person::text;
    last_id uuid;
BEGIN
    IF EXISTS (SELECT FROM identity.users WHERE id = person) OR NOT EXISTS (
        SELECT FROM identity.audit_entries WHERE subject = name AND action = 'user.deleted'
    ) THEN
        RAISE EXCEPTION 'this account has not been deleted' USING ERRCODE = 'insufficient_privilege';
    END IF;
    WITH walked AS (
        (SELECT id FROM identity.audit_entries
            WHERE (actor, id) > (name, after_id) AND actor <= name ORDER BY actor, id LIMIT portion)
        UNION
        (SELECT id FROM identity.audit_entries
            WHERE (subject, id) > (name, after_id) AND subject <= name ORDER BY subject, id LIMIT portion)
        UNION
        (SELECT id FROM identity.audit_entries
            WHERE (detail ->> 'user', id) > (name, after_id) AND detail ->> 'user' <= name
                AND detail ->> 'user' <> actor ORDER BY detail ->> 'user', id LIMIT portion)
        ORDER BY id LIMIT portion
    ), erased AS (
        UPDATE identity.audit_entries AS entries SET address = NULL FROM walked
        WHERE entries.id = walked.id AND entries.address IS NOT NULL
            AND (entries.actor = name OR entries.actor !~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
    )
    SELECT id INTO last_id FROM walked ORDER BY id DESC LIMIT 1;
    RETURN last_id;
END
$$
"""


def upgrade() -> None:
    op.execute(CREATE)
    op.execute(f"REVOKE ALL ON FUNCTION {FUNCTION} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {FUNCTION} TO identity_app")


def downgrade() -> None:
    op.execute(f"DROP FUNCTION {FUNCTION}")
