{#- Comments on Snowflake. In a text between `$$` a `$` is written `[$]`. -#}

{% macro merganser__dollar_quoted(text) -%}
    $${{ (text or '') | replace('$', '[$]') }}$$
{%- endmacro %}

{#- `"NAME" COMMENT $$TEXT$$` for a column of the warehouse, described under its name in any case. -#}
{% macro get_column_comment_sql(column_name, column_dict) -%}
    {%- set found = column_dict.get(column_name) or column_dict.get(column_name | lower) or column_dict.get(column_name | upper) or {} -%}
    {{ adapter.quote(column_name) }} COMMENT {{ merganser__dollar_quoted(found.get('description')) }}
{%- endmacro %}

{% macro get_persist_docs_column_list(model_columns, query_columns) -%}
(
    {% for name in query_columns -%}
    {{ get_column_comment_sql(name, model_columns) }}{{ ',' if not loop.last }}
    {% endfor -%}
)
{%- endmacro %}

{% macro snowflake__alter_relation_comment(relation, relation_comment) -%}
    {%- set kind = 'dynamic table' if relation.is_dynamic_table else relation.type -%}
    comment on {{ kind }} {{ relation }} IS {{ merganser__dollar_quoted(relation_comment) }};
{%- endmacro %}

{#- Every column in one statement, those without a description too. -#}
{% macro snowflake__alter_column_comment(relation, column_dict) -%}
    {%- set present = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- set described = validate_doc_columns(relation, column_dict, present) -%}
    {%- set kind = 'dynamic table' if relation.is_dynamic_table else relation.type -%}
    alter {{ relation.get_ddl_prefix_for_alter() }} {{ kind }} {{ relation }} alter
    {%- for name in present %}
        {{ get_column_comment_sql(name, described) }}{{ ',' if not loop.last else ';' }}
    {%- endfor %}
{%- endmacro %}

{% macro snowflake__persist_docs(relation, model, for_relation, for_columns) -%}
    {{ return(default__persist_docs(relation, model, for_relation, for_columns)) }}
{%- endmacro %}
