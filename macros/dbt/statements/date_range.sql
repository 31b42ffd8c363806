{#- Ranges of dates as text, for partitioned runs. -#}

{% macro convert_datetime(date_str, date_fmt) %}
    {{- return(modules.datetime.datetime.strptime(date_str | string, date_fmt)) -}}
{% endmacro %}

{#- Every day from the first to the last, both included. -#}
{% macro dates_in_range(start_date_str, end_date_str=none, in_fmt="%Y%m%d", out_fmt="%Y%m%d") %}
    {%- set first = convert_datetime(start_date_str, in_fmt) -%}
    {%- set last = convert_datetime(end_date_str or start_date_str, in_fmt) -%}
    {%- set days = (last - first).days -%}
    {%- if days < 0 -%}
        {%- do exceptions.raise_compiler_error('Partition start date is after the end date (' ~ first ~ ', ' ~ last ~ ')') -%}
    {%- endif -%}
    {%- set found = [] -%}
    {%- for n in range(days + 1) -%}
        {%- do found.append((first + modules.datetime.timedelta(days=n)).strftime(out_fmt)) -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}

{#- The days of `START[,END]`. -#}
{% macro partition_range(raw_partition_date, date_fmt='%Y%m%d') %}
    {%- set ends = (raw_partition_date | string).split(',') -%}
    {%- if ends | length > 2 -%}
        {%- do exceptions.raise_compiler_error(
            'Invalid partition time. Expected format: {Start Date}[,{End Date}]. Got: ' ~ raw_partition_date) -%}
    {%- endif -%}
    {{- return(dates_in_range(ends[0].strip(), ends[1].strip() if ends | length == 2 else none, in_fmt=date_fmt)) -}}
{% endmacro %}

{#- Now, in digits alone. -#}
{% macro py_current_timestring() %}
    {{- return(modules.datetime.datetime.now().strftime('%Y%m%d%H%M%S%f')) -}}
{% endmacro %}

{% macro is_core_v2() %}{{ return(false) }}{% endmacro %}
