-- What the Agency of Corrections reported, as its adapter sees it: a view over the inbox of adapters/sql/inbox.sql, which
-- stands already when this runs. Invented people.
CREATE VIEW custody AS
  SELECT DISTINCT ON (f.number)
         f.number AS person_number, f.name AS person_name, f.birth_date AS person_birth,
         change.value AS change, day.value AS change_date, facility.value AS facility
    FROM chayan_inbox_in_force f
    JOIN chayan_inbox_element change ON change.delivery_id = f.delivery_id AND change.code = 'change'
    JOIN chayan_inbox_element day ON day.delivery_id = f.delivery_id AND day.code = 'change_date'
    LEFT JOIN chayan_inbox_element facility ON facility.delivery_id = f.delivery_id AND facility.code = 'facility'
   WHERE f.notice_kind = 'report.custody'
   ORDER BY f.number, day.value DESC, f.accept_time DESC;

INSERT INTO chayan_inbox (delivery_id, notice_id, notice_kind, publisher, accept_time, test) VALUES
  ('019a0000-0000-7000-8000-000000000001', '019a0000-0000-7000-8000-000000000011', 'report.custody', 'corrections',
   '2025-11-05T03:00:00Z', '0'),
  ('019a0000-0000-7000-8000-000000000002', '019a0000-0000-7000-8000-000000000012', 'report.custody', 'corrections',
   '2025-08-20T03:00:00Z', '0'),
  ('019a0000-0000-7000-8000-000000000003', '019a0000-0000-7000-8000-000000000013', 'report.custody', 'corrections',
   '2025-12-01T03:00:00Z', '0');
INSERT INTO chayan_inbox_subject (delivery_id, place, number, name, birth_date) VALUES
  ('019a0000-0000-7000-8000-000000000001', '1', 'F120000020', '林青峰', '1976-03-08'),
  ('019a0000-0000-7000-8000-000000000002', '1', 'H120000068', '黃俊傑', '1983-09-09'),
  ('019a0000-0000-7000-8000-000000000003', '1', 'H120000068', '黃俊傑', '1983-09-09');
INSERT INTO chayan_inbox_element (delivery_id, code, value) VALUES
  ('019a0000-0000-7000-8000-000000000001', 'change', 'entered'),
  ('019a0000-0000-7000-8000-000000000001', 'change_date', '2025-11-05'),
  ('019a0000-0000-7000-8000-000000000001', 'facility', '臺南監獄'),
  ('019a0000-0000-7000-8000-000000000002', 'change', 'entered'),
  ('019a0000-0000-7000-8000-000000000002', 'change_date', '2025-08-20'),
  ('019a0000-0000-7000-8000-000000000002', 'facility', '臺南監獄'),
  ('019a0000-0000-7000-8000-000000000003', 'change', 'released'),
  ('019a0000-0000-7000-8000-000000000003', 'change_date', '2025-12-01'),
  ('019a0000-0000-7000-8000-000000000003', 'facility', '臺南監獄');

GRANT SELECT, INSERT ON chayan_inbox, chayan_inbox_subject, chayan_inbox_element, chayan_inbox_account, chayan_none_today
  TO chayan_notices;
