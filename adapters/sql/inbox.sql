-- The inbox of an agency that takes notices into its database: one row a delivery, whose key makes it once. Text alone,
-- so that SQLite, PostgreSQL and MariaDB take the same statements. The adapter's user needs SELECT and INSERT here, except
-- where a table says otherwise. A table that an older inbox lacks is made by its own statements below, run alone: `chayan
-- adapter check --probe FILE` names it.
--
-- Days are ISO ("2026-01-15"), times RFC 3339. Trials (test = '1') have their row here and nothing in the other tables.

CREATE TABLE chayan_inbox (
  delivery_id VARCHAR(36) NOT NULL PRIMARY KEY,
  notice_id VARCHAR(36),
  notice_kind VARCHAR(64),
  subscription VARCHAR(64),
  publisher VARCHAR(64),
  acting_for VARCHAR(64),
  legal_basis VARCHAR(64),
  effective_date VARCHAR(32),
  accept_time VARCHAR(40),
  acknowledge_by_time VARCHAR(40),
  supersedes VARCHAR(36),
  reverses VARCHAR(36),
  entry_index VARCHAR(20),
  earlier_missing VARCHAR(1),
  test VARCHAR(1) NOT NULL
);
CREATE INDEX chayan_inbox_supersedes ON chayan_inbox (supersedes);
CREATE INDEX chayan_inbox_reverses ON chayan_inbox (reverses);

CREATE TABLE chayan_inbox_subject (
  delivery_id VARCHAR(36) NOT NULL,
  place VARCHAR(4) NOT NULL,
  number VARCHAR(64),
  former_number VARCHAR(64),
  name VARCHAR(200),
  birth_date VARCHAR(32),
  publisher_key VARCHAR(64),
  PRIMARY KEY (delivery_id, place)
);
CREATE INDEX chayan_inbox_subject_number ON chayan_inbox_subject (number);

CREATE TABLE chayan_inbox_element (
  delivery_id VARCHAR(36) NOT NULL,
  code VARCHAR(64) NOT NULL,
  value VARCHAR(500),
  PRIMARY KEY (delivery_id, code)
);

CREATE TABLE chayan_inbox_account (
  delivery_id VARCHAR(36) NOT NULL,
  account VARCHAR(64) NOT NULL,
  PRIMARY KEY (delivery_id, account)
);

-- What the office did of a notice, when it did it: with `outcomes: true` in its settings the adapter looks here every few
-- seconds and tells the gateway. Write a row with `told` NULL: state ACKNOWLEDGED, with the office's case_number if it has
-- one, or REJECTED with a reason (NOT_OURS, NO_SUCH_PERSON, DATA_DOUBT, DUPLICATE, or OTHER with words). The adapter writes
-- into `told` 'entry N' when the log holds it there, or why it never will; then correct the row and write NULL again. Its
-- user needs SELECT and UPDATE here.
CREATE TABLE chayan_outcome (
  delivery_id VARCHAR(36) NOT NULL PRIMARY KEY,
  state VARCHAR(16) NOT NULL,
  case_number VARCHAR(64),
  reason VARCHAR(32),
  words VARCHAR(500),
  told VARCHAR(200)
);
CREATE INDEX chayan_outcome_told ON chayan_outcome (told);

-- Periods of a subscription's schedule that had no notice, as the log says. The adapter's user needs SELECT and INSERT
-- here, whether it reads outcomes or not.
CREATE TABLE chayan_none_today (
  subscription VARCHAR(64) NOT NULL,
  period_end_time VARCHAR(40) NOT NULL,
  entry_index VARCHAR(20) NOT NULL,
  PRIMARY KEY (subscription, period_end_time)
);

-- What holds: each subject of each notice that is neither a trial nor undone nor replaced. Document kinds that a notice
-- answers are asked of this view.
CREATE VIEW chayan_inbox_in_force AS
  SELECT i.delivery_id, i.notice_id, i.notice_kind, i.publisher, i.acting_for, i.effective_date, i.accept_time,
         s.number, s.former_number, s.name, s.birth_date, s.publisher_key
    FROM chayan_inbox i JOIN chayan_inbox_subject s ON s.delivery_id = i.delivery_id
   WHERE i.test = '0' AND i.reverses IS NULL
     AND NOT EXISTS (SELECT 1 FROM chayan_inbox f WHERE f.supersedes = i.notice_id OR f.reverses = i.notice_id);
