-- One record per grant, session, counter, marker. The value is opaque and must
-- come back byte for byte, so it is a BLOB and not text.
CREATE TABLE mintyard_records (
    key     BLOB    NOT NULL PRIMARY KEY CHECK (length(key) = 33), -- kind 1, space 16, id 16
    version INTEGER NOT NULL CHECK (version <> 0),                 -- 64 random bits of the writer
    expires INTEGER NOT NULL,                                      -- Unix seconds; 0 is never
    value   BLOB    NOT NULL CHECK (length(value) <= 65536)
) STRICT;

-- For the sweep alone.
CREATE INDEX mintyard_records_expires ON mintyard_records (expires) WHERE expires <> 0;

CREATE TABLE mintyard_tags (
    tag BLOB NOT NULL CHECK (length(tag) = 33),
    key BLOB NOT NULL,
    PRIMARY KEY (tag, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX mintyard_tags_key ON mintyard_tags (key);

-- A record takes its tags with it. This is a trigger and not a foreign key, which
-- SQLite would honour only on connections that switched it on.
CREATE TRIGGER mintyard_records_untag AFTER DELETE ON mintyard_records
BEGIN
    DELETE FROM mintyard_tags WHERE key = OLD.key;
END;

-- For people: the value as text where it is JSON, or else null; never for the library.
CREATE VIEW mintyard_records_json AS
SELECT 16 * (instr('0123456789ABCDEF', substr(hex(key), 1, 1)) - 1)
          + (instr('0123456789ABCDEF', substr(hex(key), 2, 1)) - 1) AS kind,
       lower(hex(substr(key, 2, 16)))                               AS space,
       lower(hex(substr(key, 18, 16)))                              AS id,
       version,
       CASE WHEN expires BETWEEN 1 AND 253402300799 THEN datetime(expires, 'unixepoch') END AS expires,
       CASE WHEN json_valid(CAST(value AS TEXT)) THEN CAST(value AS TEXT) END AS value
FROM mintyard_records;
