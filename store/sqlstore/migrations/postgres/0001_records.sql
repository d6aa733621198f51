-- One record per grant, session, counter, marker. The value is opaque and must
-- come back byte for byte: jsonb would reorder members and rewrite numbers, json
-- and text would refuse what is not valid in the encoding of the database.
--
-- A rotation changes version and value of one row, neither of which is indexed,
-- and mostly leaves expires alone: with room left in the page it is a HOT update,
-- which writes no index.
CREATE TABLE mintyard_records (
    key     bytea  NOT NULL PRIMARY KEY CHECK (octet_length(key) = 33), -- kind 1, space 16, id 16
    version bigint NOT NULL CHECK (version <> 0),                       -- 64 random bits of the writer
    expires bigint NOT NULL,                                            -- Unix seconds; 0 is never
    value   bytea  NOT NULL CHECK (octet_length(value) <= 65536)
) WITH (fillfactor = 80);

-- For the sweep alone.
CREATE INDEX mintyard_records_expires ON mintyard_records (expires) WHERE expires <> 0;

CREATE TABLE mintyard_tags (
    tag bytea NOT NULL CHECK (octet_length(tag) = 33),
    key bytea NOT NULL,
    PRIMARY KEY (tag, key)
);

CREATE INDEX mintyard_tags_key ON mintyard_tags (key);

-- The value as JSON, or null where it is none: for people, never for the library.
CREATE FUNCTION mintyard_json(value bytea) RETURNS json LANGUAGE plpgsql STABLE STRICT AS $$
BEGIN
    RETURN convert_from(value, 'UTF8')::json;
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END
$$;

CREATE VIEW mintyard_records_json AS
SELECT get_byte(key, 0)                               AS kind,
       encode(substring(key FROM 2 FOR 16), 'hex')    AS space,
       encode(substring(key FROM 18 FOR 16), 'hex')   AS id,
       version,
       CASE WHEN expires BETWEEN 1 AND 253402300799 THEN to_timestamp(expires) END AS expires,
       mintyard_json(value)                           AS value
FROM mintyard_records;
