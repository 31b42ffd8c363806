{% macro micros_to_units(micros) -%}
    ({{ micros }}::number(38, 0) * 0.000001)::number(18, 6)
{%- endmacro %}

{% macro to_reporting(amount, rate) -%}
    round({{ amount }} * {{ rate }}, 6)::number(18, 6)
{%- endmacro %}
