-- The same, disguised.

-- refused: it tells settings
SELECT "current_setting"('threads')

-- refused: it tells settings
SELECT CuRrEnT_SeTtInG('threads')

-- refused: it tells settings
SELECT current_setting/* a comment */('threads')

-- refused: it tells settings
SELECT ('threads').current_setting()

-- refused: it tells settings
SELECT main.current_setting('threads')

-- refused: it tells settings
SELECT system.main."current_setting"('threads')

-- refused: it tells settings
SELECT current_setting('threads')

-- refused: it tells settings
SELECT (((current_setting(('threads')))))

-- refused: it tells settings
WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE current_setting('threads') = '1') FROM r

-- refused: it tells settings
SELECT * FROM birds WHERE EXISTS (SELECT 1 WHERE current_setting('threads') = id::VARCHAR)

-- refused: it tells settings
SELECT COLUMNS(c -> current_setting('threads') = c) FROM birds

-- refused: it tells settings
SELECT {'a': current_setting('threads')}

-- refused: it tells settings
SELECT [x FOR x IN [1] IF current_setting('threads') = '1']

-- refused: it tells settings
SELECT * FROM birds QUALIFY row_number() OVER (ORDER BY current_setting('threads')) = 1

-- refused: it tells settings
SELECT sum(id ORDER BY current_setting('threads')) FROM birds

-- refused: it tells settings
SELECT 1 GROUP BY current_setting('threads')

-- refused: it tells settings
SELECT 1 HAVING current_setting('threads') = '1'

-- refused: it tells settings
FROM unnest([current_setting('threads')])

-- refused: it tells settings
FROM range(current_setting('threads')::INT)

-- refused: it tells settings
FROM birds ORDER BY ALL LIMIT (SELECT current_setting('threads')::INT)

-- refused: it tells settings
FROM birds AT (VERSION => current_setting('threads'))

-- refused: it tells settings
SUMMARIZE SELECT current_setting('threads')

-- refused: it tells settings
DESCRIBE SELECT current_setting('threads')

-- refused: it tells settings
FROM birds PIVOT (max(current_setting('threads')) FOR name IN ('eider'))

-- refused: it tells settings
FROM birds UNPIVOT (v FOR n IN (current_setting('threads')))

-- refused: it tells settings
VALUES (current_setting('threads'))

-- refused: it tells settings
SELECT 1 UNION SELECT current_setting('threads')

-- refused: it tells settings
(SELECT 1) INTERSECT (SELECT current_setting('threads'))

-- refused: it tells settings
SELECT DISTINCT ON (current_setting('threads')) 1

-- refused: it tells settings
SELECT * EXCLUDE (id) REPLACE (current_setting('threads') AS name) FROM birds

-- refused: it tells settings
SELECT list_reduce([1, 2], lambda a, b: length(current_setting('threads')))

-- refused: it tells settings
SELECT CASE current_setting('threads') WHEN '1' THEN 1 END

-- refused: it tells settings
SELECT current_setting('threads') COLLATE NOCASE

-- refused: it tells settings
SELECT TRY(current_setting('threads'))

-- refused: it tells settings
SELECT count(*) FILTER (WHERE current_setting('threads') = '1')

-- refused: it tells settings
SELECT first_value(current_setting('threads')) OVER ()

-- refused: outside the lake
FROM "READ_TEXT"('/etc/passwd')

-- refused: outside the lake
FROM main.read_text('/etc/passwd')

-- refused: outside the lake
FROM read_text(E'\x2fetc\x2fpasswd')

-- refused: outside the lake
FROM read_text($$/etc/passwd$$)

-- refused: outside the lake
FROM (FROM (FROM (FROM read_text('/etc/passwd'))))

-- refused: outside the lake
SELECT (SELECT content FROM read_text('/etc/passwd'))

-- refused: outside the lake
DESCRIBE FROM read_csv('{outside}/secret.csv')

-- refused: outside the lake
SUMMARIZE FROM '{outside}/secret.csv'

-- refused: outside the lake
FROM birds POSITIONAL JOIN read_text('/etc/passwd')

-- refused: outside the lake
FROM birds ASOF JOIN read_text('/etc/passwd') r ON birds.id >= r.size

-- refused:
FROM birds, lateral query('SELECT 1')

-- harmless
SELECT * FROM lake('birds.csv'), (SELECT * FROM "lake://birds.csv")

-- harmless
SELECT '/*' || id || '*/' FROM birds -- '

-- harmless
SELECT 1 WHERE 'a' LIKE repeat('%a', 10000)

-- harmless
SELECT regexp_matches(repeat('a', 1000), '(a*)*b')

-- answers: 1
SELECT 1 AS "current_setting('threads')"

-- answers: current_setting
SELECT 'current_setting(''threads'')' AS text

-- answers: 6
SELECT sum(id) AS s FROM birds;

-- answers: 6
/* /* nested */ */ SELECT sum(id) AS s FROM birds -- ; DROP TABLE birds

-- answers: BIGINT
DESCRIBE birds

-- answers: eider
SUMMARIZE birds

-- answers: 42
WITH duckdb_settings AS (SELECT 42 AS a) FROM duckdb_settings

-- answers: 3
SELECT count(*) FROM birds a JOIN birds b USING (id)

-- answers: eider
TABLE birds
