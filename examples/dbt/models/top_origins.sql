-- {{ config(materialized='external', location=env_var('LAKE') ~ '/reports/top_origins.parquet') }}
SELECT origin, flights, delay
FROM {{ ref('flights_by_origin') }}
ORDER BY flights DESC, origin
LIMIT 200
