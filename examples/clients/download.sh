#!/bin/sh
# Downloads with curl: the rows that are wanted, a part of a file, and a file only if it has changed.
set -eu
server=${1:-http://127.0.0.1:8080}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

curl -fsS "$server/flights.csv?origin=JFK&delay__gte=60&_columns=origin,destination,delay&_limit=3"

curl -fsS -o "$folder/flights.parquet" "$server/flights.parquet?origin=JFK"
curl -fsS -r 0-3 "$server/flights.parquet?origin=JFK" > "$folder/magic"
echo "begins with $(cat "$folder/magic")"

curl -fsS --etag-save "$folder/etag" -o "$folder/first.csv" "$server/flights.csv?origin=JFK"
status=$(curl -fsS --etag-compare "$folder/etag" -o "$folder/again.csv" -w '%{http_code}' "$server/flights.csv?origin=JFK")
echo "asked again: $status"
