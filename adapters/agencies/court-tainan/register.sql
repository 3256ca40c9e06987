-- The notices that Tainan District Court has told, as its adapter sees them: one row a party. Invented people.
CREATE TABLE register_state (as_of_date date NOT NULL);
INSERT INTO register_state VALUES ('2026-01-15');

CREATE TABLE divorce (
  notice_number text NOT NULL,
  party_number text NOT NULL,
  party_name text NOT NULL,
  party_birth text NOT NULL,  -- 0770520
  spouse_number text,
  spouse_name text,
  case_number text NOT NULL,
  way text NOT NULL CHECK (way IN ('判決', '調解', '和解')),
  final_date text NOT NULL,
  ruling text NOT NULL,
  status text NOT NULL CHECK (status IN ('有效', '撤銷')),
  restricted integer NOT NULL
);
CREATE INDEX divorce_by_party ON divorce (party_number);
INSERT INTO divorce VALUES
  ('南院家通115-0001', 'A123456789', '王小明', '0770520', 'A220000036', '李美玉', '114年度婚字第48號', '判決', '1141215',
   '准原告與被告離婚。', '有效', 0),
  ('南院家通115-0002', 'A220000036', '李美玉', '0790228', 'A123456789', '王小明', '114年度婚字第48號', '判決', '1141215',
   '准原告與被告離婚。', '有效', 0),
  -- The court writes another form of the name.
  ('南院家通115-0003', 'F120000020', '林靑峯', '0650308', 'A800000014', 'NGUYEN VAN AN', '114年度家調字第9號', '調解',
   '1141220', '兩造同意離婚。', '有效', 0),
  ('南院家通115-0004', 'D100000004', '蔡志宏', '0600404', NULL, NULL, '113年度婚字第7號', '判決', '1130229',
   '准原告與被告離婚。', '撤銷', 0),
  ('南院家通115-0005', 'T220000078', '張雅婷', '0800615', 'H120000068', '黃俊傑', '114年度婚字第50號', '判決', '1141230',
   '准原告與被告離婚。', '有效', 1);

CREATE TABLE adoption (
  notice_number text NOT NULL,
  adoptee_number text NOT NULL,
  adoptee_name text NOT NULL,
  adoptee_birth text NOT NULL,
  adopter_number text NOT NULL,
  adopter_name text NOT NULL,
  case_number text NOT NULL,
  decision text NOT NULL CHECK (decision IN ('認可', '終止')),
  final_date text NOT NULL,
  ruling text NOT NULL
);
INSERT INTO adoption VALUES
  ('南院養通114-0001', 'U120000040', 'Kacaw'' Mayaw', '0840801', 'A123456789', '王小明', '103年度司養聲字第3號', '認可',
   '1030701', '認可收養。'),
  ('南院養通114-0002', 'U120000040', 'Kacaw'' Mayaw', '0840801', 'A123456789', '王小明', '114年度養聲字第8號', '終止',
   '1141101', '終止收養關係。');

CREATE TABLE guardianship (
  notice_number text NOT NULL,
  ward_number text NOT NULL,
  ward_name text NOT NULL,
  ward_birth text NOT NULL,
  guardian_number text NOT NULL,
  guardian_name text NOT NULL,
  case_number text NOT NULL,
  status text NOT NULL CHECK (status IN ('監護', '輔助', '撤銷')),
  in_force text NOT NULL CHECK (in_force IN ('yes', 'no')),
  final_date text NOT NULL,
  scope text
);
INSERT INTO guardianship VALUES
  ('南院監通114-0001', 'E220000058', '林罔市', '-0100302', 'A220000036', '李美玉', '114年度監宣字第5號', '監護', 'yes',
   '1140901', NULL),
  ('南院監通114-0002', 'H120000068', '黃俊傑', '0720909', 'D100000004', '蔡志宏', '114年度輔宣字第2號', '輔助', 'yes',
   '1140915', '消費借貸、保證');

CREATE TABLE protection (
  notice_number text NOT NULL,
  protected_number text NOT NULL,
  protected_name text NOT NULL,
  protected_birth text NOT NULL,
  case_number text NOT NULL,
  valid_to date NOT NULL
);
INSERT INTO protection VALUES
  ('南院護通115-0001', 'A220000036', '李美玉', '0790228', '114年度家護字第12號', '2099-12-31'),
  ('南院護通113-0002', 'F120000020', '林靑峯', '0650308', '111年度家護字第4號', '2013-06-30');
