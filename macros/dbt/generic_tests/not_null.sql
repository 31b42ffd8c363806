{#- Rows without a value: the column alone, or the whole rows when failures are stored. -#}

{% test not_null(model, column_name) %}
    {% set found = adapter.dispatch('test_not_null', 'dbt') %}
    {{ found(model, column_name) }}
{% endtest %}

{% macro default__test_not_null(model, column_name) %}

{% set shown = '*' if should_store_failures() else column_name %}

select {{ shown }}
from {{ model }}
where {{ column_name }} is null

{% endmacro %}
