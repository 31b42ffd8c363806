{#- Spatial types have no cast, but a function each. -#}

{% macro snowflake__cast(field, type) %}
    {% if type | lower in ['geography', 'geometry'] -%}
    to_{{ type | lower }}({{ field }})
    {%- else -%}
    cast({{ field }} as {{ type }})
    {%- endif %}
    {% endmacro %}

{#- try_cast takes strings only, so any other literal is quoted first. -#}
{% macro snowflake__safe_cast(field, type) %}
    {% if type | lower in ['geography', 'geometry'] -%}
    try_to_{{ type | lower }}({{ field }})
    {%- else -%}
        {%- set text = field if field is string or field is none else dbt.string_literal(field) %}
        try_cast({{ text }} as {{ type }})
    {%- endif %}
    {% endmacro %}
