SELECT origin, count(*) AS flights, round(avg(delay), 1) AS delay
FROM {{ source('lake', 'flights') }}
GROUP BY origin
