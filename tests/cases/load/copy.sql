create schema if not exists dev.raw;
create table if not exists dev.raw.orders (
    payload variant,
    _file varchar not null,
    _file_version varchar not null,
    _row number(38, 0) not null,
    _file_modified timestamp_ntz,
    _load_id varchar not null,
    _loaded_at timestamp_ntz not null
);
create table if not exists dev.raw._merganser_loads (
    stage_table varchar not null,
    file_name varchar not null,
    file_version varchar not null,
    file_stamp varchar,
    seen_at timestamp_ntz not null,
    file_modified timestamp_ntz,
    stored_bytes number(38, 0) not null,
    decoded_bytes number(38, 0),
    row_count number(38, 0) not null,
    quarantined_count number(38, 0) not null,
    load_id varchar not null,
    loaded_at timestamp_ntz not null,
    status varchar not null,
    primary key (stage_table, file_name, file_version)
);
create table if not exists dev.raw._merganser_quarantine (
    stage_table varchar not null,
    file_name varchar not null,
    file_version varchar not null,
    row_number number(38, 0) not null,
    line_number number(38, 0) not null,
    byte_offset number(38, 0) not null,
    byte_length number(38, 0) not null,
    line_text varchar not null,
    reason varchar not null,
    load_id varchar not null,
    loaded_at timestamp_ntz not null
);
begin;
copy into dev.raw.orders (payload, _file, _file_version, _row, _file_modified, _load_id, _loaded_at)
from (
    select
        $1,
        's3://landing/' || metadata$filename,
        metadata$file_content_key,
        metadata$file_row_number,
        metadata$file_last_modified,
        'load-1',
        '2023-11-14 22:13:20.000000'::timestamp_ntz
    from @dev.raw.landing_orders
)
files = (
    'a''b\\c.jsonl'
)
file_format = (type = json strip_outer_array = false)
on_error = abort_statement
force = false;
insert into dev.raw._merganser_loads (stage_table, file_name, file_version, file_stamp, seen_at, file_modified, stored_bytes, decoded_bytes, row_count, quarantined_count, load_id, loaded_at, status)
select
    'raw.orders', f.file_name, f.file_version, null, '2023-11-14 22:13:20.000000'::timestamp_ntz, f.file_modified::timestamp_ntz, f.stored_bytes,
    null, coalesce(r.row_count, 0), 0, 'load-1', '2023-11-14 22:13:20.000000'::timestamp_ntz, 'loaded'
from (values
    ('s3://landing/orders/a''b\\c.jsonl', 'e1', '2023-11-14 22:13:20', 120)
) as f (file_name, file_version, file_modified, stored_bytes)
left join (
    select _file, count(*) as row_count from dev.raw.orders where _load_id = 'load-1' group by _file
) as r on r._file = f.file_name;
select _file, count(*) as row_count from dev.raw.orders where _load_id = 'load-1' group by _file;
commit;
begin;
delete from dev.raw.orders where _file = 's3://landing/orders/back.jsonl';
update dev.raw._merganser_loads set status = 'replaced' where stage_table = 'raw.orders' and file_name = 's3://landing/orders/back.jsonl';
delete from dev.raw._merganser_loads where stage_table = 'raw.orders' and file_name = 's3://landing/orders/back.jsonl' and file_version = 'e2';
copy into dev.raw.orders (payload, _file, _file_version, _row, _file_modified, _load_id, _loaded_at)
from (
    select
        $1,
        's3://landing/' || metadata$filename,
        metadata$file_content_key,
        metadata$file_row_number,
        metadata$file_last_modified,
        'load-1',
        '2023-11-14 22:13:20.000000'::timestamp_ntz
    from @dev.raw.landing_orders
)
files = (
    'back.jsonl'
)
file_format = (type = json strip_outer_array = false)
on_error = abort_statement
force = true;
insert into dev.raw._merganser_loads (stage_table, file_name, file_version, file_stamp, seen_at, file_modified, stored_bytes, decoded_bytes, row_count, quarantined_count, load_id, loaded_at, status)
select
    'raw.orders', f.file_name, f.file_version, null, '2023-11-14 22:13:20.000000'::timestamp_ntz, f.file_modified::timestamp_ntz, f.stored_bytes,
    null, coalesce(r.row_count, 0), 0, 'load-1', '2023-11-14 22:13:20.000000'::timestamp_ntz, 'loaded'
from (values
    ('s3://landing/orders/back.jsonl', 'e2', '2023-11-14 22:13:20', 120)
) as f (file_name, file_version, file_modified, stored_bytes)
left join (
    select _file, count(*) as row_count from dev.raw.orders where _load_id = 'load-1' group by _file
) as r on r._file = f.file_name;
select _file, count(*) as row_count from dev.raw.orders where _load_id = 'load-1' group by _file;
commit;
