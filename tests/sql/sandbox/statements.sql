-- Every type of statement that DuckDB has, apart from SELECT. Blocks are parted by empty lines; their first line says
-- what is expected: "refused: TEXT" (400, 404, or 502 where the store refuses, with TEXT in the message), "answers: TEXT" (200, with TEXT in the
-- answer), or "harmless" (either). {outside} is a folder beside the lake, {lake} the lake's own folder.

-- refused: of the kind INSERT
INSERT INTO birds VALUES (1, 'x')

-- refused: of the kind UPDATE
UPDATE birds SET id = 1

-- refused: of the kind DELETE
DELETE FROM birds

-- refused: of the kind MERGE
MERGE INTO birds USING (SELECT 1 AS id) s ON birds.id = s.id WHEN MATCHED THEN DELETE

-- refused: of the kind CREATE
CREATE TABLE t AS SELECT 1

-- refused: of the kind CREATE
CREATE TEMP TABLE t AS FROM birds

-- refused: of the kind CREATE
CREATE VIEW v AS FROM birds

-- refused: of the kind CREATE
CREATE MACRO m() AS TABLE FROM birds

-- refused: of the kind CREATE
CREATE SECRET (TYPE s3, KEY_ID 'x', SECRET 'y')

-- refused: of the kind CREATE
CREATE SEQUENCE s

-- refused: of the kind CREATE
CREATE TYPE e AS ENUM ('a')

-- refused: of the kind CREATE
CREATE SCHEMA s

-- refused: of the kind DROP
DROP TABLE birds

-- refused: of the kind DROP
DROP SECRET s

-- refused: of the kind ALTER
ALTER TABLE birds ADD COLUMN x INT

-- refused: of the kind PREPARE
PREPARE p AS SELECT 1

-- refused: of the kind EXECUTE
EXECUTE p

-- refused: exactly one SELECT
DEALLOCATE p

-- refused: of the kind TRANSACTION
BEGIN

-- refused: of the kind TRANSACTION
COMMIT

-- refused: of the kind COPY
COPY (SELECT 1) TO '{outside}/written.csv'

-- refused: of the kind COPY
COPY (SELECT 1) TO '{lake}/written.csv'

-- refused: of the kind COPY
COPY (SELECT 1) TO 'lake://written.csv'

-- refused: of the kind COPY
COPY (SELECT 1) TO 'sink://result'

-- refused: of the kind COPY
COPY birds FROM '{outside}/secret.csv'

-- refused: exactly one SELECT
COPY FROM DATABASE memory TO other

-- refused: exactly one SELECT
EXPORT DATABASE '{outside}/exported'

-- refused: exactly one SELECT
IMPORT DATABASE '{outside}'

-- refused: exactly one SELECT
ANALYZE

-- refused: exactly one SELECT
VACUUM

-- refused: exactly one SELECT
CHECKPOINT

-- refused: of the kind EXPLAIN
EXPLAIN FROM birds

-- refused: of the kind EXPLAIN
EXPLAIN ANALYZE FROM birds

-- refused: exactly one SELECT
PRAGMA database_list

-- refused: exactly one SELECT
PRAGMA threads=1

-- refused: exactly one SELECT
PRAGMA disable_optimizer

-- refused: exactly one SELECT
PRAGMA enable_profiling

-- refused: of the kind CALL
CALL duckdb_settings()

-- refused: of the kind CALL
CALL range(3)

-- refused: of the kind SET
SET threads = 1

-- refused: of the kind SET
SET VARIABLE x = 1

-- refused: exactly one SELECT
SET SESSION memory_limit = '100GB'

-- refused: exactly one SELECT
RESET lock_configuration

-- refused: of the kind LOAD
LOAD httpfs

-- refused: of the kind LOAD
INSTALL httpfs

-- refused: of the kind LOAD
INSTALL httpfs FROM 'http://127.0.0.1:1/x'

-- refused: exactly one SELECT
UPDATE EXTENSIONS

-- refused: of the kind ATTACH
ATTACH '{outside}/x.db' AS x

-- refused: of the kind ATTACH
ATTACH ':memory:' AS x

-- refused: of the kind DETACH
DETACH memory

-- refused: exactly one SELECT
USE memory

-- refused: 2 statements
SELECT 1; SELECT 2

-- refused: 2 statements
SELECT 1; DROP TABLE birds

-- refused: statements
SELECT 1;;COPY (SELECT 1) TO '{outside}/written.csv'; --

-- refused: exactly one SELECT
-- nothing but a comment

-- refused: exactly one SELECT
;

-- refused: SHOW has nothing
SHOW TABLES

-- refused: SHOW has nothing
SHOW ALL TABLES

-- refused: SHOW has nothing
SHOW DATABASES

-- refused: SHOW has nothing
FROM (SHOW TABLES)

-- refused: exactly one SELECT
PIVOT birds ON name

-- refused:
WITH w AS (INSERT INTO birds VALUES (1, 'x') RETURNING id) FROM w

-- refused:
WITH w AS (COPY (SELECT 1) TO '{outside}/written.csv') FROM w

-- refused:
SELECT 1 INTO OUTFILE '{outside}/written.csv'

-- refused:
SELECT * INTO t FROM birds

-- refused:
SELECT * FROM birds FOR UPDATE SKIP
