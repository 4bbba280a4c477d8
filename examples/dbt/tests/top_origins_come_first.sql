-- No airport that was left out has more flights than one that is in.
SELECT origin
FROM {{ ref('flights_by_origin') }}
WHERE origin NOT IN (SELECT origin FROM {{ ref('top_origins') }})
  AND flights > (SELECT min(flights) FROM {{ ref('top_origins') }})
