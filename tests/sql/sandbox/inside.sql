-- What tells of the server: settings, secrets, the environment, the catalog, other statements; what changes it; and what
-- runs a text as SQL, which nobody can look through.

-- refused: it tells settings
SELECT current_setting('temp_directory')

-- refused: it tells settings
FROM duckdb_settings()

-- refused: it tells settings
FROM duckdb_extensions()

-- refused: it tells settings
FROM duckdb_variables()

-- refused: it tells settings
SELECT getvariable('x')

-- refused: it tells of secrets
FROM duckdb_secrets()

-- refused: it tells of secrets
FROM which_secret('s3://x', 's3')

-- refused:
SELECT getenv('CANARY')

-- refused: it tells of the server
FROM duckdb_databases()

-- refused: it tells of the server
FROM duckdb_memory()

-- refused: it tells of the server
FROM duckdb_temporary_files()

-- refused: it tells of the server
FROM duckdb_logs()

-- refused: it tells of the server
FROM pragma_database_size()

-- refused: it tells of the server
FROM pragma_storage_info('birds')

-- refused: it tells of the server
FROM duckdb_prepared_statements()

-- refused: no dataset
FROM sqlite_master

-- refused:
FROM pragma_database_list

-- refused: no schema
FROM information_schema.tables

-- refused: no schema
FROM pg_catalog.pg_settings

-- refused: no schema
FROM system.main.duckdb_databases

-- refused: no schema
FROM memory.main.birds

-- refused: no schema
FROM lake.main.birds

-- refused: no schema
FROM memory.lake.birds

-- refused: no dataset
FROM lake.pg_settings

-- refused: outside the lake
FROM lake."{outside}/secret.csv"

-- answers: eider
WITH birds AS (SELECT 'smew' AS name) SELECT name FROM lake.birds WHERE id = 1

-- refused: it tells of the server
SELECT pg_get_viewdef(1)

-- refused: it tells of the server
SELECT get_block_size('memory')

-- refused: it runs SQL that is a text
FROM query('SELECT current_setting(''temp_directory'')')

-- refused: it runs SQL that is a text
FROM query_table('birds')

-- refused: it runs SQL that is a text
FROM query_table(['birds'])

-- refused: it runs SQL that is a text
FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))

-- refused: it runs SQL that is a text
SELECT json_serialize_plan('SELECT * FROM read_text(''/etc/passwd'')')

-- refused: it runs SQL that is a text
FROM histogram('birds', 'id')

-- refused: it runs SQL that is a text
FROM histogram_values(birds, id)

-- refused: it changes the server
FROM checkpoint()

-- refused: it changes the server
FROM force_checkpoint('memory')

-- refused: it changes the server
FROM enable_logging()

-- refused: it changes the server
FROM enable_profiling()

-- refused: it changes the server
SELECT write_log('x')

-- refused: it changes the server
SELECT nextval('s')

-- refused: it does nothing but wait
SELECT sleep_ms(1000)

-- refused: it does nothing but wait
SELECT pg_sleep(1)

-- refused: it works on raw memory
SELECT finalize(sum(1))

-- refused: EXPORT_STATE
SELECT sum(1) EXPORT_STATE

-- refused: it is a part of the engine
SELECT __internal_decompress_string(0::UTINYINT)

-- answers: date
SELECT type_name FROM duckdb_types() WHERE type_name = 'date'

-- answers: abs
SELECT function_name FROM duckdb_functions() WHERE function_name = 'abs'

-- answers: v1.5
SELECT version()

-- refused: it tells of the server
FROM sql_auto_complete('SELECT * FROM ''/etc/pa')

-- refused: it changes the server
FROM enable_peg_parser()

-- refused: it runs SQL that is a text
FROM check_peg_parser('SELECT 1')
