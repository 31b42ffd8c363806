{#- User-defined functions, scalar and aggregate: signature, language, volatility, body. -#}

{% macro merganser__function_arguments() %}
    {%- set parts = [] -%}
    {%- for argument in model.arguments -%}
        {%- do parts.append(argument.name ~ ' ' ~ argument.data_type) -%}
    {%- endfor -%}
    {{- return(parts | join(', ')) -}}
{% endmacro %}

{#- The SQL word for the node's `volatility`, if it has one. -#}
{% macro merganser__volatility() %}
    {{- return({'deterministic': 'IMMUTABLE', 'stable': 'STABLE', 'non-deterministic': 'VOLATILE'}.get(model.config.get('volatility'), '')) -}}
{% endmacro %}

{% macro unsupported_volatility_warning(volatility) %}
    {{- return(adapter.dispatch('unsupported_volatility_warning', 'dbt')(volatility)) -}}
{% endmacro %}

{% macro default__unsupported_volatility_warning(volatility) %}
    {%- do exceptions.warn('Found `' ~ volatility ~ '` volatility specified on function `' ~ model.name
        ~ '`. This volatility is not supported by ' ~ adapter.type() ~ ', and will be ignored') -%}
{% endmacro %}

{% macro scalar_function_sql(target_relation) %}{{ return(adapter.dispatch('scalar_function_sql', 'dbt')(target_relation)) }}{% endmacro %}

{% macro default__scalar_function_sql(target_relation) %}
    {{ scalar_function_create_replace_signature_sql(target_relation) }}
    {{ scalar_function_body_sql() }};
{% endmacro %}

{% macro scalar_function_create_replace_signature_sql(target_relation) %}
    {{- return(adapter.dispatch('scalar_function_create_replace_signature_sql', 'dbt')(target_relation)) -}}
{% endmacro %}

{% macro default__scalar_function_create_replace_signature_sql(target_relation) %}
    CREATE OR REPLACE FUNCTION {{ target_relation.render() }} ({{ formatted_scalar_function_args_sql() }})
    RETURNS {{ model.returns.data_type }}
    {{ scalar_function_volatility_sql() }}
    AS
{% endmacro %}

{% macro formatted_scalar_function_args_sql() %}
    {{- return(adapter.dispatch('formatted_scalar_function_args_sql', 'dbt')()) -}}
{% endmacro %}

{% macro default__formatted_scalar_function_args_sql() %}{{ return(merganser__function_arguments()) }}{% endmacro %}

{% macro formatted_scalar_function_args_javascript() %}
    {{- return(adapter.dispatch('formatted_scalar_function_args_javascript', 'dbt')()) -}}
{% endmacro %}

{% macro default__formatted_scalar_function_args_javascript() %}
    {%- do exceptions.raise_compiler_error('formatted_scalar_function_args_javascript not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}

{% macro scalar_function_body_sql() %}{{ return(adapter.dispatch('scalar_function_body_sql', 'dbt')()) }}{% endmacro %}

{% macro default__scalar_function_body_sql() %}
    $$
       {{ model.compiled_code }}
    $$ LANGUAGE SQL
{% endmacro %}

{% macro scalar_function_volatility_sql() %}{{ return(adapter.dispatch('scalar_function_volatility_sql', 'dbt')()) }}{% endmacro %}

{% macro default__scalar_function_volatility_sql() %}{{ return(merganser__volatility()) }}{% endmacro %}

{% macro scalar_function_volatility_javascript() %}
    {{- return(adapter.dispatch('scalar_function_volatility_javascript', 'dbt')()) -}}
{% endmacro %}

{% macro default__scalar_function_volatility_javascript() %}
    {%- if model.config.get('volatility') -%}
        {%- do exceptions.warn('Volatility is not supported by ' ~ adapter.type() ~ ' in javascript UDF and will be ignored') -%}
    {%- endif -%}
{% endmacro %}

{% macro get_aggregate_function_create_replace_signature(target_relation) %}
    {{- return(adapter.dispatch('get_aggregate_function_create_replace_signature', 'dbt')(target_relation)) -}}
{% endmacro %}

{% macro default__get_aggregate_function_create_replace_signature(target_relation) %}
    CREATE OR REPLACE AGGREGATE FUNCTION {{ target_relation.render() }} ({{ get_formatted_aggregate_function_args() }})
    RETURNS {{ model.returns.data_type }}
    {{ get_function_language_specifier() }}
    {{ get_aggregate_function_volatility_specifier() }}
    {{ get_function_python_options() if model.get('language') == 'python' }}
    AS
{% endmacro %}

{% macro get_formatted_aggregate_function_args() %}
    {{- return(adapter.dispatch('get_formatted_aggregate_function_args', 'dbt')()) -}}
{% endmacro %}

{% macro default__get_formatted_aggregate_function_args() %}{{ return(formatted_scalar_function_args_sql()) }}{% endmacro %}

{% macro get_function_language_specifier() %}
    {{- return(adapter.dispatch('get_function_language_specifier', 'dbt')()) -}}
{% endmacro %}

{#- SQL is named after the body. -#}
{% macro default__get_function_language_specifier() %}
    {{- return('' if model.get('language') == 'sql' else 'LANGUAGE ' ~ model.get('language') | upper) -}}
{% endmacro %}

{% macro get_aggregate_function_volatility_specifier() %}
    {{- return(adapter.dispatch('get_aggregate_function_volatility_specifier', 'dbt')()) -}}
{% endmacro %}

{% macro default__get_aggregate_function_volatility_specifier() %}{{ return(scalar_function_volatility_sql()) }}{% endmacro %}

{% macro get_function_python_options() %}{{ return(adapter.dispatch('get_function_python_options', 'dbt')()) }}{% endmacro %}

{% macro default__get_function_python_options() %}
    RUNTIME_VERSION = '{{ config.get('runtime_version') }}'
    HANDLER = '{{ config.get('entry_point') }}'
    {%- set packages = config.get('packages') or [] %}
    {{ "PACKAGES = ('" ~ packages | join("', '") ~ "')" if packages }}
{% endmacro %}
