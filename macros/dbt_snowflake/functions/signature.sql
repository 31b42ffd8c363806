{#- User-defined functions on Snowflake: arguments may have defaults, the language stands in the signature. -#}

{% macro snowflake__formatted_scalar_function_args_sql() %}
    {%- set parts = [] -%}
    {%- for argument in model.arguments -%}
        {%- set default = argument.get('default_value') -%}
        {%- do parts.append(argument.name ~ ' ' ~ argument.data_type ~ (' DEFAULT ' ~ default if default is not none else '')) -%}
    {%- endfor -%}
    {{- return(parts | join(', ')) -}}
{% endmacro %}

{% macro snowflake__scalar_function_create_replace_signature_sql(target_relation) %}
    {{- return(merganser__snowflake_signature(target_relation, 'SQL', '')) -}}
{% endmacro %}

{% macro snowflake__scalar_function_create_replace_signature_python(target_relation) %}
    {%- set options = "RUNTIME_VERSION = '" ~ config.get('runtime_version') ~ "'\n    HANDLER = '" ~ config.get('entry_point') ~ "'" -%}
    {{- return(merganser__snowflake_signature(target_relation, 'PYTHON', options)) -}}
{% endmacro %}

{% macro merganser__snowflake_signature(target_relation, language, options) %}
    CREATE OR REPLACE FUNCTION {{ target_relation.render() }} ({{ formatted_scalar_function_args_sql() }})
    RETURNS {{ model.returns.data_type }}
    LANGUAGE {{ language }}
    {{ scalar_function_volatility_sql() }}
    {{ options }}
    AS
{% endmacro %}

{% macro snowflake__scalar_function_body_sql() %}
    $$
{{ model.compiled_code }}
    $$
{% endmacro %}

{% macro snowflake__scalar_function_python(target_relation) %}
    {{ snowflake__scalar_function_create_replace_signature_python(target_relation) }}
    {{ scalar_function_body_sql() }}
{% endmacro %}

{% macro snowflake__aggregate_function_python(target_relation) %}
    {{ get_aggregate_function_create_replace_signature(target_relation) }}
    {{ scalar_function_body_sql() }}
{% endmacro %}

{#- There is no STABLE. -#}
{% macro snowflake__scalar_function_volatility_sql() %}
    {%- if model.config.get('volatility') == 'stable' -%}
        {%- do unsupported_volatility_warning('stable') -%}
        {{- return('') -}}
    {%- endif -%}
    {{- return(merganser__volatility()) -}}
{% endmacro %}
