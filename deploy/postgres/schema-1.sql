-- Step 1: from an empty database to schema 1. Steps are never changed once released, only added. Run by
-- deploy/postgres/migrate as chayan_owner, in one transaction. The tables are those of the SQLite store.
CREATE SCHEMA chayan;
CREATE TABLE chayan.schema_version (
  id integer PRIMARY KEY CHECK (id = 1),
  version bigint NOT NULL);
INSERT INTO chayan.schema_version VALUES (1, 1);

-- One row, changed by every commit: room for its next versions stays on its page.
CREATE TABLE chayan.head (
  id integer PRIMARY KEY CHECK (id = 1),
  size bigint NOT NULL CHECK (size >= 0),
  peaks bytea NOT NULL,
  time_ms bigint NOT NULL,
  batch bytea NOT NULL CHECK (octet_length(batch) = 16)) WITH (fillfactor = 10);
INSERT INTO chayan.head VALUES (1, 0, '', 0, decode(repeat('00', 16), 'hex'));

-- All that a commit writes to entry and vault is appended at the end: nothing here is indexed by a random value.
CREATE TABLE chayan.entry (
  idx bigint PRIMARY KEY CHECK (idx >= 0),
  leaf bytea NOT NULL);
CREATE TABLE chayan.vault (
  idx bigint PRIMARY KEY,
  key_id bytea NOT NULL,
  wrapped_secret bytea NOT NULL,
  sealed_detail bytea NOT NULL,
  tags bytea NOT NULL);
CREATE TABLE chayan.tile (
  level bigint NOT NULL,
  idx bigint NOT NULL,
  hashes bytea NOT NULL,
  PRIMARY KEY (level, idx));
-- Hashes do not shrink.
ALTER TABLE chayan.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE TABLE chayan.registry_set (
  digest bytea NOT NULL,
  path bytea NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (digest, path));
CREATE TABLE chayan.registry_applied (
  ordinal bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest bytea NOT NULL,
  first_idx bigint NOT NULL);

GRANT USAGE ON SCHEMA chayan TO chayan_reader;
GRANT SELECT ON chayan.schema_version, chayan.head, chayan.entry, chayan.tile, chayan.registry_set,
  chayan.registry_applied TO chayan_reader;
GRANT INSERT ON chayan.entry, chayan.vault, chayan.tile, chayan.registry_set, chayan.registry_applied
  TO chayan_gateway;
GRANT UPDATE (size, peaks, time_ms, batch) ON chayan.head TO chayan_gateway;
GRANT SELECT ON chayan.vault TO chayan_auditor;
GRANT DELETE ON chayan.vault TO chayan_eraser;
GRANT SELECT (idx, key_id) ON chayan.vault TO chayan_eraser;
