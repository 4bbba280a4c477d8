-- What touches files and the network.

-- refused: outside the lake
FROM read_text('{outside}/secret.csv')

-- refused: outside the lake
FROM read_text('/etc/passwd')

-- refused: outside the lake
FROM read_blob('file:///etc/passwd')

-- refused: outside the lake
FROM read_csv('{outside}/secret.csv')

-- refused: outside the lake
FROM read_csv_auto('{outside}/*.csv')

-- refused: outside the lake
FROM read_json('{outside}/secret.csv')

-- refused: outside the lake
FROM read_ndjson_objects('{outside}/secret.csv')

-- refused: outside the lake
FROM read_parquet('{outside}/secret.parquet')

-- refused: outside the lake
FROM sniff_csv('{outside}/secret.csv')

-- refused: outside the lake
FROM parquet_metadata('{outside}/secret.parquet')

-- refused: outside the lake
FROM parquet_kv_metadata('{outside}/secret.parquet')

-- refused: outside the lake
FROM glob('/*')

-- refused: outside the lake
FROM glob('{outside}/*')

-- refused: outside the lake
FROM lake('{outside}/secret.csv')

-- refused: outside the lake
FROM '{outside}/secret.csv'

-- refused: outside the lake
SELECT * FROM "{outside}/secret.csv"

-- refused: outside the lake
FROM 'http://127.0.0.1:1/x.parquet'

-- refused: outside the lake
FROM read_csv('https://example.com/x.csv')

-- refused: outside the lake
FROM read_parquet('s3://other/x.parquet')

-- refused: outside the lake
FROM read_text('hf://datasets/x/y')

-- refused: outside the lake
FROM read_csv(['birds.csv', '{outside}/secret.csv'])

-- refused:
FROM read_text('../outside/secret.csv')

-- refused:
FROM read_text('birds.csv/../../outside/secret.csv')

-- refused: outside the lake
FROM read_text('lake://../outside/secret.csv')

-- refused:
FROM read_text('sink://result')

-- refused:
FROM read_text('link.csv')

-- refused:
FROM read_text('eider.yaml')

-- refused:
FROM read_text('notes.txt')

-- refused:
FROM read_csv('.hidden/x.csv')

-- refused:
FROM read_csv('_temporary/x.csv')

-- refused:
FROM read_text('/dev/stdin')

-- refused:
FROM read_csv('-')

-- refused:
FROM '/proc/self/environ'

-- refused: wants a text
FROM read_text('/etc/' || 'passwd')

-- refused: wants a text
FROM read_text((SELECT '/etc/passwd'))

-- refused: wants a text
FROM read_text(concat('/etc', '/passwd'))

-- refused: wants a text
FROM (VALUES ('/etc/passwd')) t(p), read_text(p)

-- refused: wants a text
FROM (VALUES ('/etc/passwd')) t(p), LATERAL (FROM read_text(p))

-- refused: wants a text
FROM read_text(list_transform(['passwd'], lambda x: '/etc/' || x))

-- refused:
FROM read_csv('birds.csv', store_rejects = true)

-- refused: it makes tables
FROM read_csv('birds.csv', rejects_table := 'r')

-- refused: lake() wants one text
FROM lake('birds' || '.csv')

-- refused:
FROM read_duckdb('{outside}/x.db')

-- refused:
SELECT read_text('/etc/passwd')

-- refused:
FROM arrow_scan(1, 2, 3)

-- refused:
FROM seq_scan('birds')

-- answers: eider
FROM read_text('birds.csv')

-- answers: eider
FROM read_csv('birds.csv')

-- answers: eider
FROM read_csv('{lake}/birds.csv')

-- answers: eider
FROM 'birds.csv'

-- answers: eider
FROM lake('bird*.csv')

-- answers: birds.csv
FROM glob('*.csv')

-- answers: id
SELECT Columns FROM sniff_csv('birds.csv')

-- answers: id
SELECT name FROM parquet_schema('birds2.parquet')

-- answers: birds2.parquet
SELECT file_name FROM parquet_metadata('birds2.parquet')

-- answers: 3
SELECT count(*) FROM read_parquet(['birds2.parquet'])
