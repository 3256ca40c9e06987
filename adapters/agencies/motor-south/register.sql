-- Vehicles and driving licences as the adapter of Chiayi Motor Vehicles Office sees them. Invented people and plates.
CREATE TABLE register_state (as_of_date date NOT NULL);
INSERT INTO register_state VALUES ('2026-01-15');

CREATE TABLE person (
  person_number text NOT NULL PRIMARY KEY,
  name text NOT NULL,
  birth text NOT NULL,
  licence_until date  -- none: no licence
);
INSERT INTO person VALUES
  ('A123456789', '王小明', '0770520', '2099-05-20'),
  ('A220000036', '李美玉', '0790228', '2013-02-28'),
  ('F120000020', '林靑峯', '0650308', NULL);

-- Plates without hyphen.
CREATE TABLE vehicle (
  plate text NOT NULL PRIMARY KEY,
  owner_number text NOT NULL REFERENCES person (person_number),
  address text NOT NULL,
  status text NOT NULL
);
CREATE INDEX vehicle_by_owner ON vehicle (owner_number);
INSERT INTO vehicle VALUES
  ('ABC1235', 'A123456789', '臺北市松山區南京東路四段１６號十一樓之２', '使用中'),
  ('MXY6789', 'A123456789', '臺北市松山區南京東路四段１６號十一樓之２', '報廢'),
  ('2348QD', 'A220000036', '嘉義縣水上鄉中山路１段５號', '使用中');
