-- Up Migration
CREATE TABLE contacts (
  name text,
  email text UNIQUE
);

-- Down Migration
DROP TABLE contacts;
