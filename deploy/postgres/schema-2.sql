-- Step 2: entries that a start must find without reading the whole log.
CREATE TABLE chayan.landmark (idx bigint PRIMARY KEY CHECK (idx >= 0));
GRANT SELECT ON chayan.landmark TO chayan_reader;
GRANT INSERT ON chayan.landmark TO chayan_gateway;
UPDATE chayan.schema_version SET version = 2;
