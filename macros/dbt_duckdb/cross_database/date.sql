{#- Dates on DuckDB. -#}

{% macro duckdb__date(year, month, day) -%}
    make_date({{ year }}, {{ month }}, {{ day }})
{%- endmacro %}

{#- Quarters and weeks become months and days. -#}
{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) %}
    {%- set part = datepart | lower -%}
    {%- set count = 'cast(' ~ interval ~ ' as bigint)' -%}
    {%- set larger = {'quarter': [3, 'month'], 'week': [7, 'day']} -%}
    {%- if part in larger -%}
        {%- set count = '(' ~ count ~ ' * ' ~ larger[part][0] ~ ')' -%}
        {%- set part = larger[part][1] -%}
    {%- endif %}

    ({{ from_date_or_timestamp }} + {{ count }} * interval 1 {{ part }})
{%- endmacro %}

{#- Weeks are counted from Sunday, whole days first. -#}
{% macro duckdb__datediff(first_date, second_date, datepart) -%}
    {%- if datepart != 'week' %}
        (date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp ))
    {% else %}
            ({{ dbt.datediff(first_date, second_date, 'day') }} // 7 + case
            when date_part('dow', ({{ first_date }})::timestamp) <= date_part('dow', ({{ second_date }})::timestamp) then
                case when {{ first_date }} <= {{ second_date }} then 0 else -1 end
            else
                case when {{ first_date }} <= {{ second_date }} then 1 else 0 end
        end)
    {% endif -%}
{%- endmacro %}

{% macro duckdb__last_day(date, datepart) -%}
    {%- if datepart == 'quarter' -%}
    -- duckdb dateadd does not support quarter interval.
    cast(
        {{ dbt.dateadd('day', '-1', dbt.dateadd('month', '3', dbt.date_trunc(datepart, date))) }}
        as date)
    {%- else -%}
        {{ default_last_day(date, datepart) }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__current_timestamp() -%}
    now()
{%- endmacro %}

{% macro duckdb__snapshot_get_time() -%}
    {{ current_timestamp() }}::timestamp
{%- endmacro %}

{% macro duckdb__snapshot_string_as_time(timestamp) -%}
    {{ return("'" ~ timestamp ~ "'::timestamp") }}
{%- endmacro %}
