{# A parameter of a URL, as it is written there (still percent-encoded); null where it is missing or empty. #}
{% macro query_parameter(url, name) -%}
    nullif(regexp_substr({{ url }}, '[?&]{{ name }}=([^&#]*)', 1, 1, 'e', 1), '')
{%- endmacro %}
