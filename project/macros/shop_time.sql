{% macro to_utc(moment) -%}
    convert_timezone('UTC', {{ moment }}::timestamp_tz)::timestamp_ntz
{%- endmacro %}

{% macro shop_date(utc) -%}
    convert_timezone('UTC', '{{ var("shop_timezone") }}', {{ utc }})::date
{%- endmacro %}
