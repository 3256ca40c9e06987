-- Step 3: counts of a day and uses of grants, which change with the entries that count them.
CREATE TABLE chayan.tally (
  kind bigint NOT NULL,
  key bytea NOT NULL,
  day bigint NOT NULL,
  count bigint NOT NULL,
  label bytea NOT NULL,
  PRIMARY KEY (kind, key)) WITH (fillfactor = 50);
GRANT SELECT ON chayan.tally TO chayan_reader;
GRANT INSERT, UPDATE, DELETE ON chayan.tally TO chayan_gateway;
UPDATE chayan.schema_version SET version = 3;
