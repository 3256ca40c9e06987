-- The roles of the store: who may do what to the log. For the whole cluster; safe to repeat.
-- They are groups: a login is made for each process and given the groups it needs, see deploy/postgres/README.md.
DO $$
DECLARE
  name text;
BEGIN
  -- owner: makes and alters the tables. No process that serves may be a member.
  -- reader: reads the log, and nothing of the vault.
  -- gateway: appends to log and vault, moves the head. Changes and removes nothing; cannot read the vault.
  -- auditor: reads the vault as well.
  -- eraser: appends, and deletes vault rows.
  FOREACH name IN ARRAY ARRAY['owner', 'reader', 'gateway', 'auditor', 'eraser'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'chayan_' || name) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', 'chayan_' || name);
    END IF;
  END LOOP;
END
$$;
GRANT chayan_reader TO chayan_gateway, chayan_auditor;
GRANT chayan_gateway TO chayan_eraser;
