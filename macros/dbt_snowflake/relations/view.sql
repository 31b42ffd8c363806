{#- Views on Snowflake, replaced in one statement. Column comments and masking policies stand in their column list. -#}

{% macro snowflake__create_view_as(relation, sql) -%}
    {{ snowflake__create_view_as_with_temp_flag(relation, sql) }}
{%- endmacro %}

{% macro snowflake__create_view_as_with_temp_flag(relation, sql, is_temporary=False) -%}
    {%- set contract = config.get('contract') -%}
    {%- set columns -%}
        {%- if config.get('merganser_policies') and not is_temporary -%}
            {{ merganser__masked_columns(merganser__column_comments(), types=false) }}
        {%- elif config.persist_column_docs() and model.columns -%}
            {{ get_persist_docs_column_list(model.columns, get_columns_in_query(sql)) }}
        {%- endif -%}
    {%- endset -%}
    {{ config.get('sql_header', none) or '' }}
  create or replace {{ 'secure' if config.get('secure') }} {{ 'temporary' if is_temporary }} view {{ relation }}
  {{ columns }}
    {%- if contract and contract.enforced -%}
        {{ get_assert_columns_equivalent(sql) }}
    {%- endif -%}
  {{ merganser__snowflake_governance() }}
  as (
    {{ sql }}
  );
{%- endmacro %}

{#- Comments by column name, for the columns of `merganser_columns` that are described. -#}
{% macro merganser__column_comments() %}
    {%- set found = {} -%}
    {%- if config.persist_column_docs() and model.columns -%}
        {%- for column in config.get('merganser_columns') or [] -%}
            {%- set name = column.name if column is mapping else column -%}
            {%- set text = get_column_comment_sql(name.strip('"'), model.columns) -%}
            {%- do found.update({name: text[text.index('COMMENT '):]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(found) -}}
{% endmacro %}

{% macro snowflake__get_drop_view_sql(relation) %}
    drop view if exists {{ relation }} cascade
{% endmacro %}

{% macro snowflake__get_rename_view_sql(relation, new_name) %}
    alter view {{ relation }} rename to {{ new_name }}
{% endmacro %}

{% macro snowflake__get_replace_view_sql(relation, sql) %}
    {{ snowflake__create_view_as(relation, sql) }}
{% endmacro %}

{% macro snowflake__create_or_replace_view() %}
    {{- return(create_or_replace_view()) -}}
{% endmacro %}
