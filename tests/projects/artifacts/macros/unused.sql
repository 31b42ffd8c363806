{% macro unused(a, b=1) %}{{ a }}{% endmacro %}
