-- House tax of Taipei City as its adapter sees it. Invented people.
CREATE TABLE register_state (as_of_date date NOT NULL);
INSERT INTO register_state VALUES ('2026-01-15');

CREATE TABLE house_tax (
  tax_number text NOT NULL PRIMARY KEY,
  taxpayer_number text NOT NULL,
  taxpayer_name text NOT NULL,
  house_address text NOT NULL,
  "use" text NOT NULL,
  status text NOT NULL CHECK (status IN ('課稅', '免稅', '註銷'))
);
CREATE INDEX house_tax_by_taxpayer ON house_tax (taxpayer_number);
INSERT INTO house_tax VALUES
  ('01010480000', 'A123456789', '王小明', '台北市松山區南京東路四段１６號十一樓之２', '住家用', '課稅'),
  ('01010490000', 'A123456789', '王小明', '臺北市松山區八德路三段２０號', '營業用', '課稅'),
  ('01010500000', 'F120000020', '林靑峯', '臺北市松山區民生東路五段３號', '住家用', '免稅'),
  ('01010510000', 'B220000019', '陳■英', '臺北市松山區健康路５號二樓', '住家用', '課稅'),
  ('01010520000', 'D100000004', '蔡志宏', '臺北市松山區三民路９號', '住家用', '註銷');
