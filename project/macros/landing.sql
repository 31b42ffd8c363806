{# The pull a landing file came from: file names are <run id>-<part>.jsonl.gz, and a run id is a UTC time that sorts as text. #}
{% macro landing_run(file) -%}
    split_part(split_part({{ file }}, '/', -1), '-', 1)
{%- endmacro %}

{# What an incremental model reads again: all that came with or after the last load it has seen. #}
{% macro loaded_since(relation) -%}
    (select coalesce(max(_loaded_at), '1970-01-01'::timestamp_ntz) from {{ relation }})
{%- endmacro %}
