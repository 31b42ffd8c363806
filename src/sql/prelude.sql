-- What translated statements need of a connection: settings, and macros whose names start with `sf_`.

SET default_null_order = 'NULLS_LAST_ON_ASC_FIRST_ON_DESC';
SET TimeZone = 'UTC';
SET order_by_non_integer_literal = true;

-- Macros that can fail take their place in the statement as it was written, and put it behind their message.

-- Numbers

CREATE OR REPLACE TEMP MACRO sf_div(place, a, b) AS
  CASE WHEN b = 0 AND a IS NOT NULL THEN error('Division by zero' || place)
       ELSE (a // b) + CASE WHEN abs(a % b) * 2 >= abs(b) THEN sign(a) * sign(b) ELSE 0 END END;
CREATE OR REPLACE TEMP MACRO sf_fdiv(place, a, b) AS
  CASE WHEN b = 0 AND a IS NOT NULL THEN error('Division by zero' || place) ELSE a / b END;
CREATE OR REPLACE TEMP MACRO sf_mod(place, a, b) AS
  CASE WHEN b = 0 AND a IS NOT NULL THEN error('Division by zero' || place) ELSE a % b END;
CREATE OR REPLACE TEMP MACRO sf_haversine(lat1, lon1, lat2, lon2) AS
  2 * 6371.0 * asin(sqrt(pow(sin(radians(lat2 - lat1) / 2), 2)
    + cos(radians(lat1)) * cos(radians(lat2)) * pow(sin(radians(lon2 - lon1) / 2), 2)));
CREATE OR REPLACE TEMP MACRO sf_width_bucket(x, low, high, n) AS
  CASE WHEN x < low THEN CAST(0 * n * high AS BIGINT) WHEN x >= high THEN CAST(n + 1 + 0 * low AS BIGINT) ELSE CAST(floor((x - low) / (high - low) * n) AS BIGINT) + 1 END;
-- The same of whole numbers.
CREATE OR REPLACE TEMP MACRO sf_exact_bucket(x, low, high, n) AS
  CASE WHEN x < low THEN 0 * n * high WHEN x >= high THEN n + 1 + 0 * low ELSE (x - low) * n // (high - low) + 1 END;
CREATE OR REPLACE TEMP MACRO sf_hash(h) AS CAST(CAST(h AS HUGEINT) - 9223372036854775808 AS DECIMAL(19,0));

CREATE OR REPLACE TEMP MACRO sf_number_of(place, s, model) AS
  CASE WHEN s IS NOT NULL THEN coalesce(sf_try_number_of(s, model),
    error('Can''t parse ''' || s || ''' as number with format ''' || model || '''' || place)) END;

-- Rows

CREATE OR REPLACE TEMP MACRO sf_duplicate_row(place, found) AS
  CASE WHEN found THEN error('100090 (42P18): Duplicate row detected during DML action' || place) END;

-- Text

CREATE OR REPLACE TEMP MACRO sf_fit(place, s, n) AS
  CASE WHEN length(s) > n THEN error('String ''' || s || ''' is too long and would be truncated' || place) ELSE s END;
-- What is not negative; `greatest` would make a number of NULL.
CREATE OR REPLACE TEMP MACRO sf_natural(n) AS CASE WHEN n < 0 THEN 0 ELSE n END;
CREATE OR REPLACE TEMP MACRO sf_if_all(list, value) AS
  CASE WHEN len(list_filter(list, lambda sf_x: sf_x IS NULL)) = 0 THEN value END;
CREATE OR REPLACE TEMP MACRO sf_concat(list) AS sf_if_all(list, array_to_string(list, ''));
CREATE OR REPLACE TEMP MACRO sf_concat_ws(sep, list) AS
  CASE WHEN sep IS NOT NULL THEN sf_if_all(list, array_to_string(list, sep)) END;
CREATE OR REPLACE TEMP MACRO sf_initcap(s) AS
  CASE WHEN s IS NOT NULL THEN array_to_string(list_transform(
    regexp_extract_all(s, '[^\s!?@"^#$&~_,.:;+\-*%/|\\\[\](){}<>]+|[\s!?@"^#$&~_,.:;+\-*%/|\\\[\](){}<>]+'),
    lambda sf_w: upper(left(sf_w, 1)) || lower(substr(sf_w, 2))), '') END;
CREATE OR REPLACE TEMP MACRO sf_initcap_by(s, seps) AS
  CASE WHEN s = '' THEN '' WHEN seps IS NOT NULL THEN list_transform([string_split(s, '')], lambda sf_l: array_to_string(
    list_transform(sf_l, lambda sf_c, sf_i: CASE WHEN sf_i = 1 THEN upper(sf_c)
      WHEN seps <> '' AND (contains(seps, sf_l[sf_i - 1]) OR contains(seps, lower(sf_l[sf_i - 1]))) THEN upper(sf_c) ELSE lower(sf_c) END), ''))[1] END;
CREATE OR REPLACE TEMP MACRO sf_ascii(s) AS CASE WHEN s = '' THEN 0 ELSE ascii(s) END;
CREATE OR REPLACE TEMP MACRO sf_substr
  (s, start) AS substr(s, CASE WHEN start = 0 THEN 1 WHEN start < -length(s) THEN length(s) + 1 ELSE start END),
  (s, start, len) AS substr(s, CASE WHEN start = 0 THEN 1 WHEN start < -length(s) THEN length(s) + 1 ELSE start END, sf_natural(len));
CREATE OR REPLACE TEMP MACRO sf_lpad(s, n, pad) AS
  CASE WHEN pad = '' THEN left(s, sf_natural(n)) ELSE lpad(s, CAST(sf_natural(n) AS INTEGER), pad) END;
CREATE OR REPLACE TEMP MACRO sf_rpad(s, n, pad) AS
  CASE WHEN pad = '' THEN left(s, sf_natural(n)) ELSE rpad(s, CAST(sf_natural(n) AS INTEGER), pad) END;
CREATE OR REPLACE TEMP MACRO sf_replace(s, what, other) AS CASE WHEN what = '' THEN s ELSE replace(s, what, other) END;
CREATE OR REPLACE TEMP MACRO sf_position(what, s, start) AS
  CASE WHEN strpos(substr(s, 1 + sf_natural(start - 1)), what) = 0 THEN 0
       ELSE strpos(substr(s, 1 + sf_natural(start - 1)), what) + sf_natural(start - 1) END;
CREATE OR REPLACE TEMP MACRO sf_split(s, sep) AS CASE WHEN sep = '' THEN [s] WHEN sep IS NOT NULL THEN string_split(s, sep) END;
CREATE OR REPLACE TEMP MACRO sf_split_part(s, sep, n) AS
  CASE WHEN s IS NULL OR sep IS NULL OR n IS NULL THEN NULL
       ELSE coalesce(sf_split(s, sep)[CASE WHEN n = 0 THEN 1 ELSE n END], '') END;
CREATE OR REPLACE TEMP MACRO sf_tokens(s, seps) AS
  list_filter(string_split(translate(s, seps, repeat(left(seps, 1), length(seps))), left(seps, 1)), lambda sf_x: sf_x <> '');
CREATE OR REPLACE TEMP MACRO sf_strtok(s, seps, n) AS
  CASE WHEN seps = '' THEN CASE WHEN n = 1 THEN nullif(s, '') END ELSE sf_tokens(s, seps)[n] END;
CREATE OR REPLACE TEMP MACRO sf_insert(place, s, pos, n, what) AS
  CASE WHEN pos < 1 OR pos > length(s) + 1 THEN error('Invalid parameter value: ' || pos || '. Reason: position out of range' || place)
       WHEN n < 0 THEN error('Invalid parameter value: ' || n || '. Reason: negative length' || place)
       ELSE left(s, pos - 1) || what || substr(s, pos + n) END;
CREATE OR REPLACE TEMP MACRO sf_unrepeated(list) AS
  list_filter(list, lambda sf_x, sf_i: sf_i = 1 OR sf_x <> list[sf_i - 1]);
CREATE OR REPLACE TEMP MACRO sf_letters(s) AS regexp_replace(upper(s), '[^A-Z]', '', 'g');
CREATE OR REPLACE TEMP MACRO sf_soundex(s) AS
  CASE WHEN s IS NULL THEN NULL WHEN sf_letters(s) = '' THEN ''
       ELSE left(sf_letters(s), 1) || left(replace(array_to_string(sf_unrepeated(string_split(
         translate(left(sf_letters(s), 1) || regexp_replace(substr(sf_letters(s), 2), '[HW]', '', 'g'),
           'AEIOUYHWBFPVCGJKQSXZDTLMNR', '00000000111122222222334556'), ''))[2:], ''), '0', '') || '000', 3) END;
-- The same with the number of the second letter, where it is the first one's.
CREATE OR REPLACE TEMP MACRO sf_soundex_p123(s) AS
  CASE WHEN s IS NULL THEN NULL WHEN sf_letters(s) = '' THEN ''
       ELSE left(sf_letters(s), 1) || left(replace(array_to_string(sf_unrepeated(string_split(
         translate(regexp_replace(substr(sf_letters(s), 2), '[HW]', '', 'g'),
           'AEIOUYHWBFPVCGJKQSXZDTLMNR', '00000000111122222222334556'), '')), ''), '0', '') || '000', 3) END;
CREATE OR REPLACE TEMP MACRO sf_base64_letters(alphabet) AS alphabet || substr('+/=', length(alphabet) + 1);
CREATE OR REPLACE TEMP MACRO sf_base64(b, width) AS
  CASE WHEN width > 0 THEN rtrim(regexp_replace(to_base64(b), '(.{' || width || '})', '\1' || chr(10), 'g'), chr(10)) WHEN width IS NOT NULL THEN to_base64(b) END;
CREATE OR REPLACE TEMP MACRO sf_of_base64(s, alphabet) AS replace(translate(s, sf_base64_letters(alphabet), '+/='), chr(10), '');
CREATE OR REPLACE TEMP MACRO sf_unhex(place, s) AS
  CASE WHEN length(s) % 2 = 0 THEN unhex(s)
       WHEN s IS NOT NULL THEN error('The following string is not a legal hex-encoded value: ''' || s || '''' || place) END;
CREATE OR REPLACE TEMP MACRO sf_if_hex(s) AS
  CASE WHEN length(s) % 2 = 0 AND regexp_full_match(s, '[0-9A-Fa-f]*') THEN s END;
CREATE OR REPLACE TEMP MACRO sf_if_base64(s) AS
  CASE WHEN length(s) % 4 = 0 AND regexp_full_match(s, '[0-9A-Za-z+/]*={0,2}') THEN s END;
CREATE OR REPLACE TEMP MACRO sf_float_text(x) AS
  CASE WHEN isnan(x) THEN 'NaN' WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'inf' ELSE '-inf' END
       ELSE regexp_replace(CAST(x AS VARCHAR), '\.0$', '') END;

CREATE OR REPLACE TEMP MACRO sf_float_key(x) AS
  CASE WHEN abs(x) < 1e37 AND x = floor(x) THEN CAST(CAST(x AS DECIMAL(38,0)) AS VARCHAR) ELSE sf_float_text(x) END;

-- Regular expressions: subject, pattern, position, occurrence, group

CREATE OR REPLACE TEMP MACRO sf_regexp_substr(s, p, pos, occurrence, grp) AS
  regexp_extract_all(substr(s, pos), p, grp)[occurrence];
CREATE OR REPLACE TEMP MACRO sf_regexp_count(s, p, pos) AS
  CASE WHEN p = '' THEN 0 ELSE len(regexp_extract_all(substr(s, pos), p)) END;
CREATE OR REPLACE TEMP MACRO sf_parse_url(place, u, permissive) AS CAST(sf_url(place, u, CAST(permissive AS VARCHAR)) AS JSON);
CREATE OR REPLACE TEMP MACRO sf_parse_ip(place, s, kind, permissive) AS CAST(sf_ip(place, s, kind, CAST(permissive AS VARCHAR)) AS JSON);

-- Booleans

CREATE OR REPLACE TEMP MACRO sf_try_boolean(s) AS
  CASE WHEN lower(trim(s)) IN ('true', 't', 'yes', 'y', 'on', '1') THEN true
       WHEN lower(trim(s)) IN ('false', 'f', 'no', 'n', 'off', '0') THEN false END;
CREATE OR REPLACE TEMP MACRO sf_boolean(place, s) AS
  CASE WHEN lower(trim(s)) IN ('true', 't', 'yes', 'y', 'on', '1') THEN true
       WHEN lower(trim(s)) IN ('false', 'f', 'no', 'n', 'off', '0') THEN false
       WHEN s IS NOT NULL THEN error('Boolean value ''' || s || ''' is not recognized' || place) END;

-- Dates and times. Text is read as Snowflake's AUTO does: ISO, numbers since 1970, and a few written forms.

CREATE OR REPLACE TEMP MACRO sf_epoch(n) AS
  make_timestamp(CAST(CASE WHEN abs(n) < 31536000000 THEN n * 1000000 WHEN abs(n) < 31536000000000 THEN n * 1000
    WHEN abs(n) < 31536000000000000 THEN n ELSE n // 1000 END AS BIGINT));
CREATE OR REPLACE TEMP MACRO sf_zone(s) AS
  regexp_extract(trim(s), '\d:[\d:.]+ *(Z|z|[+-]\d{1,2}(?::?\d{2})?)(?: \d{4})?$', 1);
CREATE OR REPLACE TEMP MACRO sf_without_zone(s) AS
  regexp_replace(trim(s), '(\d:[\d:.]+) *(?:Z|z|[+-]\d{1,2}(?::?\d{2})?)( \d{4})?$', '\1\2');
CREATE OR REPLACE TEMP MACRO sf_zone_minutes(zone) AS
  CASE WHEN upper(zone) = 'Z' THEN 0 WHEN zone <> '' THEN CASE WHEN zone[1] = '-' THEN -1 ELSE 1 END
    * (CAST(regexp_extract(zone, '^[+-](\d{1,2}?):?(\d{2})?$', 1) AS INTEGER) * 60
       + coalesce(TRY_CAST(regexp_extract(zone, '^[+-](\d{1,2}?):?(\d{2})?$', 2) AS INTEGER), 0)) END;
CREATE OR REPLACE TEMP MACRO sf_try_written(s) AS
  CASE WHEN regexp_matches(s, '\d') THEN try_strptime(s, ['%d-%b-%Y', '%d-%B-%Y', '%m/%d/%Y', '%d-%B-%Y %H:%M:%S', '%d-%b-%Y %H:%M:%S', '%m/%d/%Y %H:%M:%S', '%a, %d %b %Y %H:%M:%S', '%a %b %d %H:%M:%S %Y', '%Y-%m-%dT%H', '%Y-%m-%d %H', '%Y-%m']) END;
CREATE OR REPLACE TEMP MACRO sf_if_epoch(s) AS CASE WHEN regexp_full_match(s, '-?\d{1,19}') THEN sf_epoch(CAST(s AS HUGEINT)) END;
-- The engine takes more for dates and times than is theirs: words behind them, `infinity`, an hour 24.
CREATE OR REPLACE TEMP MACRO sf_try_wall(s) AS
  coalesce(CASE WHEN regexp_full_match(s, '\d{1,4}-\d{1,2}-\d{1,2}([T ] *([01]?\d|2[0-3]):\d{1,2}(:\d{1,2}(\.\d{0,9})?)?)?')
    THEN TRY_CAST(s AS TIMESTAMP) END, sf_try_written(s));
CREATE OR REPLACE TEMP MACRO sf_try_timestamp(s) AS coalesce(sf_if_epoch(s), sf_try_wall(sf_without_zone(s)));
CREATE OR REPLACE TEMP MACRO sf_timestamp(place, s) AS
  coalesce(sf_try_timestamp(s), CASE WHEN s IS NOT NULL THEN error('Timestamp ''' || s || ''' is not recognized' || place) END);

-- A TIMESTAMP_LTZ is an instant, seen in the session's time zone; a TIMESTAMP_TZ is an instant with its minutes east of UTC.
-- A macro writes its argument out wherever it stands: what stands more than once is bound by a lambda, or nested calls grow beyond
-- all measure.

CREATE OR REPLACE TEMP MACRO sf_try_timestamp_ltz(s) AS
  coalesce(timezone('UTC', coalesce(sf_if_epoch(s), sf_try_wall(sf_without_zone(s)) - to_minutes(sf_zone_minutes(sf_zone(s))))),
    CAST(sf_try_wall(trim(s)) AS TIMESTAMPTZ));
CREATE OR REPLACE TEMP MACRO sf_timestamp_ltz(place, s) AS
  list_transform([s], lambda sf_ls: coalesce(sf_try_timestamp_ltz(sf_ls),
    CASE WHEN sf_ls IS NOT NULL THEN error('Timestamp ''' || sf_ls || ''' is not recognized' || place) END))[1];
CREATE OR REPLACE TEMP MACRO sf_tz(i, clock) AS
  CASE WHEN i IS NOT NULL AND clock IS NOT NULL
       THEN {'instant': i, 'east': CAST(datediff('minute', timezone('UTC', i), clock) AS SMALLINT)} END;
CREATE OR REPLACE TEMP MACRO sf_tz_in(i, zone) AS list_transform([i], lambda sf_zi: sf_tz(sf_zi, timezone(zone, sf_zi)))[1];
CREATE OR REPLACE TEMP MACRO sf_tz_here(i) AS list_transform([i], lambda sf_hi: sf_tz(sf_hi, CAST(sf_hi AS TIMESTAMP)))[1];
CREATE OR REPLACE TEMP MACRO sf_tz_at(clock, minutes) AS
  list_transform([clock], lambda sf_ac: list_transform([minutes], lambda sf_am: CASE WHEN sf_ac IS NOT NULL
    THEN {'instant': timezone('UTC', sf_ac - to_minutes(sf_am)), 'east': CAST(sf_am AS SMALLINT)} END)[1])[1];
CREATE OR REPLACE TEMP MACRO sf_tz_clock(x) AS
  list_transform([x], lambda sf_cx:
    timezone('UTC', struct_extract(sf_cx, 'instant')) + to_minutes(CAST(struct_extract(sf_cx, 'east') AS INTEGER)))[1];
CREATE OR REPLACE TEMP MACRO sf_tz_read(i, s) AS
  CASE WHEN i IS NOT NULL THEN {'instant': i, 'east': CAST(coalesce(sf_zone_minutes(regexp_extract(trim(s), '(Z|z|[+-]\d{1,2}(?::?\d{2})?)$', 1)), 0) AS SMALLINT)} END;
CREATE OR REPLACE TEMP MACRO sf_try_timestamp_tz(s) AS
  list_transform([s], lambda sf_ts: CASE
       WHEN sf_zone(sf_ts) <> '' THEN sf_tz_at(sf_try_wall(sf_without_zone(sf_ts)), sf_zone_minutes(sf_zone(sf_ts)))
       ELSE sf_tz_here(sf_try_timestamp_ltz(sf_ts)) END)[1];
CREATE OR REPLACE TEMP MACRO sf_timestamp_tz(place, s) AS
  list_transform([s], lambda sf_fs: coalesce(sf_try_timestamp_tz(sf_fs),
    CASE WHEN sf_fs IS NOT NULL THEN error('Timestamp ''' || sf_fs || ''' is not recognized' || place) END))[1];
CREATE OR REPLACE TEMP MACRO sf_offset(minutes, sep) AS
  CASE WHEN minutes < 0 THEN '-' ELSE '+' END || lpad(CAST(abs(minutes) // 60 AS VARCHAR), 2, '0') || sep
    || lpad(CAST(abs(minutes) % 60 AS VARCHAR), 2, '0');
CREATE OR REPLACE TEMP MACRO sf_try_date(s) AS
  coalesce(CASE WHEN regexp_full_match(trim(s), '\d{1,4}-\d{1,2}-\d{1,2}') THEN TRY_CAST(trim(s) AS DATE) END,
    CAST(sf_try_timestamp(s) AS DATE));
CREATE OR REPLACE TEMP MACRO sf_date(place, s) AS
  coalesce(sf_try_date(s), CASE WHEN s IS NOT NULL THEN error('Date ''' || s || ''' is not recognized' || place) END);
CREATE OR REPLACE TEMP MACRO sf_try_clock(s) AS
  CASE WHEN regexp_full_match(s, '([01]?\d|2[0-3]):\d{1,2}:\d{1,2}(\.\d{0,9})?') THEN TRY_CAST(s AS TIME) END;
CREATE OR REPLACE TEMP MACRO sf_try_time(s) AS
  coalesce(CAST(sf_if_epoch(s) AS TIME), sf_try_clock(sf_without_zone(s)),
    CAST(try_strptime(s, ['%H:%M', '%I:%M:%S %p', '%I:%M %p']) AS TIME));
CREATE OR REPLACE TEMP MACRO sf_time(place, s) AS
  coalesce(sf_try_time(s), CASE WHEN s IS NOT NULL THEN error('Time ''' || s || ''' is not recognized' || place) END);
CREATE OR REPLACE TEMP MACRO sf_century(t) AS CASE WHEN year(t) = 1969 THEN t + INTERVAL 100 YEAR ELSE t END;
CREATE OR REPLACE TEMP MACRO sf_strptime(place, s, f, written) AS
  coalesce(CASE WHEN regexp_matches(s, '\d') THEN try_strptime(s, f) END, CASE WHEN s IS NOT NULL THEN
    error('Can''t parse ''' || s || ''' as timestamp with format ''' || written || '''' || place) END);
CREATE OR REPLACE TEMP MACRO sf_timestamp_text(t) AS strftime(t, '%Y-%m-%d %H:%M:%S.%g');
CREATE OR REPLACE TEMP MACRO sf_zoned_text(clock, minutes) AS strftime(clock, '%Y-%m-%d %H:%M:%S.%g ') || sf_offset(minutes, '');
CREATE OR REPLACE TEMP MACRO sf_minutes(i) AS datediff('minute', timezone('UTC', i), CAST(i AS TIMESTAMP));
CREATE OR REPLACE TEMP MACRO sf_months_between(a, b) AS
  CASE WHEN day(a) = day(b) OR (CAST(a AS DATE) = last_day(a) AND CAST(b AS DATE) = last_day(b))
       THEN CAST(datediff('month', b, a) AS DOUBLE)
       ELSE round((year(a) - year(b)) * 12 + month(a) - month(b) + (epoch(a - date_trunc('month', a)) - epoch(b - date_trunc('month', b))) / 86400.0 / 31.0, 6) END;
CREATE OR REPLACE TEMP MACRO sf_add_months(d, n) AS
  CASE WHEN CAST(d AS DATE) = last_day(d)
       THEN last_day(d + to_months(n)) + (d - date_trunc('day', d)) ELSE d + to_months(n) END;
CREATE OR REPLACE TEMP MACRO sf_weekday(place, name) AS
  coalesce(list_position(['mo', 'tu', 'we', 'th', 'fr', 'sa', 'su'], lower(left(trim(name), 2))),
    CASE WHEN name IS NOT NULL THEN error('Day of week ''' || name || ''' is not recognized' || place) END);
CREATE OR REPLACE TEMP MACRO sf_next_day(place, d, name) AS
  CAST(d AS DATE) + CAST((sf_weekday(place, name) - isodow(d) + 6) % 7 + 1 AS INTEGER);
CREATE OR REPLACE TEMP MACRO sf_previous_day(place, d, name) AS
  CAST(d AS DATE) - CAST((isodow(d) - sf_weekday(place, name) + 6) % 7 + 1 AS INTEGER);
-- Weeks that start on the day of this number, from Monday as 1. By the first policy a week is of the year that has four of its days;
-- by the other the year's first day is in its first week.
CREATE OR REPLACE TEMP MACRO sf_week_start(d, n) AS CAST(d AS DATE) - CAST((isodow(d) - n + 7) % 7 AS INTEGER);
CREATE OR REPLACE TEMP MACRO sf_weekday_from(d, n) AS (isodow(d) - n + 7) % 7 + 1;
CREATE OR REPLACE TEMP MACRO sf_year_of_week(d, n, by_days) AS CASE WHEN by_days THEN year(sf_week_start(d, n) + 3) ELSE year(d) END;
CREATE OR REPLACE TEMP MACRO sf_week(d, n, by_days) AS
  CASE WHEN by_days THEN (dayofyear(sf_week_start(d, n) + 3) - 1) // 7 + 1
       ELSE (sf_week_start(d, n) - sf_week_start(CAST(date_trunc('year', d) AS DATE), n)) // 7 + 1 END;
CREATE OR REPLACE TEMP MACRO sf_date_from_parts(y, m, d) AS
  CAST(make_date(y, 1, 1) + to_months(m - 1) + to_days(CAST(d - 1 AS INTEGER)) AS DATE);
CREATE OR REPLACE TEMP MACRO sf_timestamp_from_parts(y, m, d, h, i, s) AS
  CAST(sf_date_from_parts(y, m, d) AS TIMESTAMP) + to_hours(h) + to_minutes(i) + to_seconds(s);

-- Semi-structured values are JSON

CREATE OR REPLACE TEMP MACRO sf_parse_json(place, s, how) AS CAST(sf_json(place, s, how) AS JSON);
CREATE OR REPLACE TEMP MACRO sf_try_parse_json
  (s) AS CAST(sf_try_json(s, 's') AS JSON),
  (s, how) AS CAST(sf_try_json(s, how) AS JSON);
CREATE OR REPLACE TEMP MACRO sf_list(a) AS
  list_transform(CAST(CASE WHEN json_type(a) = 'ARRAY' THEN a WHEN a IS NOT NULL THEN json_array(a) END AS JSON[]),
    lambda sf_x: coalesce(sf_x, 'null'::JSON));
CREATE OR REPLACE TEMP MACRO sf_number_json(x) AS
  CAST(CASE WHEN contains(CAST(x AS VARCHAR), '.') THEN rtrim(rtrim(CAST(x AS VARCHAR), '0'), '.') ELSE CAST(x AS VARCHAR) END AS JSON);
CREATE OR REPLACE TEMP MACRO sf_number_text(v) AS
  CASE v WHEN 'true' THEN '1' WHEN 'false' THEN '0' ELSE v ->> '$' END;
-- A value of a variant as text in which equal numbers are alike.
CREATE OR REPLACE TEMP MACRO sf_alike(v) AS
  regexp_replace(CAST(v AS VARCHAR), '^(-?\d+(?:\.\d*[1-9])?)\.?0*$', '\1');
CREATE OR REPLACE TEMP MACRO sf_variant_key(t) AS {'n': TRY_CAST(t AS DOUBLE), 't': t};
CREATE OR REPLACE TEMP MACRO sf_typeof(v) AS
  CASE json_type(v) WHEN 'VARCHAR' THEN 'VARCHAR' WHEN 'BIGINT' THEN 'INTEGER' WHEN 'UBIGINT' THEN 'INTEGER'
    WHEN 'HUGEINT' THEN 'INTEGER' WHEN 'DOUBLE' THEN CASE WHEN contains(CAST(v AS VARCHAR), 'e') THEN 'DOUBLE' ELSE 'DECIMAL' END WHEN 'NULL' THEN 'NULL_VALUE' ELSE json_type(v) END;
CREATE OR REPLACE TEMP MACRO sf_to_object(place, v) AS
  CASE WHEN json_type(v) = 'OBJECT' THEN v WHEN json_type(v) <> 'NULL' THEN error('Failed to cast variant value to OBJECT' || place) END;
CREATE OR REPLACE TEMP MACRO sf_array_size(v) AS CASE WHEN json_type(v) = 'ARRAY' THEN CAST(json_array_length(v) AS BIGINT) END;
CREATE OR REPLACE TEMP MACRO sf_entries(v) AS
  CASE WHEN json_type(v) = 'OBJECT' THEN list_sort(list_transform(map_entries(CAST(v AS MAP(VARCHAR, JSON))),
    lambda sf_e: {'k': sf_e.key, 'v': coalesce(sf_e.value, 'null'::JSON)})) ELSE [] END;
CREATE OR REPLACE TEMP MACRO sf_object(entries) AS
  CASE WHEN len(entries) = 0 THEN '{}'::JSON ELSE to_json(map_from_entries(entries)) END;
CREATE OR REPLACE TEMP MACRO sf_object_insert(place, o, name, value, replace) AS
  CASE WHEN list_contains(json_keys(o), name) AND NOT replace THEN error('Object already contains key ''' || name || '''' || place)
       WHEN o IS NOT NULL AND replace IS NOT NULL THEN sf_object(list_sort(list_concat(list_filter(sf_entries(o), lambda sf_e: sf_e.k <> name),
         CASE WHEN value IS NULL THEN [] ELSE [{'k': name, 'v': value}] END))) END;
CREATE OR REPLACE TEMP MACRO sf_object_delete(o, names) AS
  CASE WHEN o IS NOT NULL THEN sf_object(list_filter(sf_entries(o), lambda sf_e: NOT list_contains(names, sf_e.k))) END;
CREATE OR REPLACE TEMP MACRO sf_names(v) AS CASE WHEN json_type(v) = 'ARRAY' THEN CAST(v AS VARCHAR[]) WHEN v IS NOT NULL THEN [v ->> '$'] END;
CREATE OR REPLACE TEMP MACRO sf_object_pick(o, names) AS
  CASE WHEN o IS NOT NULL THEN sf_object(list_filter(sf_entries(o), lambda sf_e: list_contains(names, sf_e.k))) END;
CREATE OR REPLACE TEMP MACRO sf_get_ignore_case(v, name) AS
  coalesce(list_filter(sf_entries(v), lambda sf_e: sf_e.k = name)[1].v, list_filter(sf_entries(v), lambda sf_e: lower(sf_e.k) = lower(name))[1].v);
CREATE OR REPLACE TEMP MACRO sf_array_cat(a, b) AS
  CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN to_json(list_concat(sf_list(a), sf_list(b))) END;
CREATE OR REPLACE TEMP MACRO sf_array_insert(a, pos, v) AS
  CASE WHEN a IS NOT NULL AND pos IS NOT NULL THEN to_json(list_transform([{'l': sf_list(a), 'p': CASE WHEN pos < 0 THEN greatest(len(sf_list(a)) + pos, 0) ELSE pos END}], lambda sf_o:
    list_concat(list_append(list_concat(sf_o.l[:sf_o.p], list_transform(range(CAST(greatest(sf_o.p - len(sf_o.l), 0) AS BIGINT)), lambda sf_n: 'null'::JSON)), v),
      sf_o.l[sf_o.p + 1:]))[1]) END;
CREATE OR REPLACE TEMP MACRO sf_array_remove_at(a, pos) AS
  CASE WHEN pos IS NOT NULL THEN
    to_json(list_filter(sf_list(a), lambda sf_x, sf_i: sf_i <> CASE WHEN pos < 0 THEN len(sf_list(a)) + pos ELSE pos END + 1)) END;
CREATE OR REPLACE TEMP MACRO sf_array_distinct(a) AS
  to_json(list_filter(sf_list(a), lambda sf_x, sf_i: list_position(sf_list(a), sf_x) = sf_i));
CREATE OR REPLACE TEMP MACRO sf_array_intersection(a, b) AS
  CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN
    to_json(list_filter(sf_list(a), lambda sf_x, sf_i: len(list_filter(sf_list(a)[:sf_i], lambda sf_y: sf_y = sf_x)) <= len(list_filter(sf_list(b), lambda sf_y: sf_y = sf_x)))) END;
CREATE OR REPLACE TEMP MACRO sf_array_except(a, b) AS
  CASE WHEN a IS NOT NULL AND b IS NOT NULL THEN
    to_json(list_filter(sf_list(a), lambda sf_x, sf_i: len(list_filter(sf_list(a)[:sf_i], lambda sf_y: sf_y = sf_x)) > len(list_filter(sf_list(b), lambda sf_y: sf_y = sf_x)))) END;
CREATE OR REPLACE TEMP MACRO sf_array_flatten(place, a) AS
  list_transform([sf_list(a)], lambda sf_l: CASE WHEN len(list_filter(sf_l, lambda sf_x: sf_x = 'null')) > 0 THEN NULL
    WHEN len(list_filter(sf_l, lambda sf_x: json_type(sf_x) <> 'ARRAY')) > 0 THEN error('Not an array: ''Input argument to ARRAY_FLATTEN is not an array of arrays''' || place)
    ELSE to_json(flatten(list_transform(sf_l, lambda sf_x: sf_list(sf_x)))) END)[1];
-- Of each value, as many as the array has that has most of it.
CREATE OR REPLACE TEMP MACRO sf_array_union(arrays) AS
  list_transform([list_transform(list_filter(arrays, lambda sf_a: sf_a IS NOT NULL), lambda sf_a: list_filter(sf_list(sf_a), lambda sf_x: sf_x <> 'null'))], lambda sf_l:
    to_json(flatten(list_transform(list_sort(list_distinct(flatten(sf_l))), lambda sf_x: list_transform(
      range(CAST(list_max(list_transform(sf_l, lambda sf_m: len(list_filter(sf_m, lambda sf_y: sf_y = sf_x)))) AS BIGINT)), lambda sf_n: sf_x)))))[1];
CREATE OR REPLACE TEMP MACRO sf_arrays_zip(arrays) AS
  CASE WHEN len(list_filter(arrays, lambda sf_a: sf_a IS NULL)) = 0 THEN list_transform([list_transform(arrays, lambda sf_a: sf_list(sf_a))], lambda sf_l:
    CASE WHEN list_max(list_transform(sf_l, lambda sf_m: len(sf_m))) = 0 THEN '[{}]'::JSON ELSE
      to_json(list_transform(range(CAST(list_max(list_transform(sf_l, lambda sf_m: len(sf_m))) AS BIGINT)), lambda sf_n:
        sf_object(list_transform(sf_l, lambda sf_m, sf_i: {'k': '$' || sf_i, 'v': coalesce(sf_m[sf_n + 1], 'null'::JSON)})))) END)[1] END;
-- How often values in a row change; NULL is no other value.
CREATE OR REPLACE TEMP MACRO sf_changes(list) AS
  len(list_filter(list, lambda sf_x, sf_i: sf_i > 1 AND sf_x <> list[sf_i - 1]));
CREATE OR REPLACE TEMP MACRO sf_array_slice(a, low, high) AS
  to_json(sf_list(a)[CASE WHEN low < 0 THEN len(sf_list(a)) + low ELSE low END + 1:CASE WHEN high < 0 THEN len(sf_list(a)) + high ELSE high END]);
CREATE OR REPLACE TEMP MACRO sf_sorted(list) AS
  list_transform(list_sort(list_transform(list, lambda sf_x:
    {'n': TRY_CAST(CASE WHEN json_type(sf_x) <> 'VARCHAR' THEN sf_x ->> '$' END AS DOUBLE), 't': sf_x ->> '$', 'v': sf_x})), lambda sf_s: sf_s.v);
CREATE OR REPLACE TEMP MACRO sf_known(a) AS list_filter(sf_list(a), lambda sf_x: sf_x <> 'null');
CREATE OR REPLACE TEMP MACRO sf_array_sort_by(a, up, nulls_first) AS
  list_transform([{'k': sf_sorted(sf_known(a)), 'n': list_filter(sf_list(a), lambda sf_x: sf_x = 'null')}], lambda sf_o:
    to_json(CASE WHEN a IS NULL OR up IS NULL THEN NULL
      WHEN nulls_first THEN list_concat(sf_o.n, CASE WHEN up THEN sf_o.k ELSE list_reverse(sf_o.k) END)
      WHEN NOT nulls_first THEN list_concat(CASE WHEN up THEN sf_o.k ELSE list_reverse(sf_o.k) END, sf_o.n) END))[1];
CREATE OR REPLACE TEMP MACRO sf_array_sort
  (a) AS sf_array_sort_by(a, true, false),
  (a, up) AS sf_array_sort_by(a, up, NOT up),
  (a, up, nulls_first) AS sf_array_sort_by(a, up, nulls_first);
CREATE OR REPLACE TEMP MACRO sf_array_to_string(a, sep) AS
  CASE WHEN sep IS NOT NULL THEN array_to_string(list_transform(sf_list(a), lambda sf_x: coalesce(sf_x ->> '$', '')), sep) END;
CREATE OR REPLACE TEMP MACRO sf_arrays_to_object(k, v) AS
  CASE WHEN k IS NOT NULL AND v IS NOT NULL THEN
    sf_object(list_transform(sf_list(k), lambda sf_x, sf_i: {'k': sf_x ->> '$', 'v': sf_list(v)[sf_i]})) END;

-- FLATTEN: the entries of a value, as structs of key, path, index, value

CREATE OR REPLACE TEMP MACRO sf_path_key(base, k) AS
  CASE WHEN regexp_full_match(k, '[A-Za-z_][A-Za-z0-9_]*') THEN CASE WHEN base = '' THEN k ELSE base || '.' || k END
       ELSE base || '[''' || k || ''']' END;
CREATE OR REPLACE TEMP MACRO sf_flatten_array(v, base) AS
  CASE WHEN json_type(v) = 'ARRAY' THEN list_transform(CAST(v AS JSON[]), lambda sf_x, sf_i:
    {'key': CAST(NULL AS VARCHAR), 'path': base || '[' || (sf_i - 1) || ']', 'index': sf_i - 1, 'value': coalesce(sf_x, 'null'::JSON)}) ELSE [] END;
CREATE OR REPLACE TEMP MACRO sf_flatten_object(v, base) AS
  list_transform(sf_entries(v), lambda sf_e: {'key': sf_e.k, 'path': sf_path_key(base, sf_e.k), 'index': CAST(NULL AS BIGINT), 'value': sf_e.v});
CREATE OR REPLACE TEMP MACRO sf_flatten(v, base) AS
  CASE WHEN json_type(v) = 'ARRAY' THEN sf_flatten_array(v, base) ELSE sf_flatten_object(v, base) END;
CREATE OR REPLACE TEMP MACRO sf_flatten_outer(entries) AS
  CASE WHEN len(coalesce(entries, [])) = 0 THEN [{'key': CAST(NULL AS VARCHAR), 'path': '', 'index': CAST(NULL AS BIGINT), 'value': CAST(NULL AS JSON)}]
       ELSE entries END;
CREATE OR REPLACE TEMP MACRO sf_if_opened(place, v) AS
  CASE WHEN v IN ('[]', '{}') THEN error('FLATTEN with RECURSIVE and OUTER of an empty array or object inside another is not supported on the embedded engine' || place) ELSE v END;
CREATE OR REPLACE TEMP MACRO sf_flatten_seq(v) AS CAST(hash(v) >> 1 AS BIGINT);
