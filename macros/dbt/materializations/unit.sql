{#- A unit test: the model's query and the expected rows in one result, with the types that the query has. -#}

{% materialization unit, default %}
    {%- set expected_rows = config.get('expected_rows') -%}
    {%- set expected_sql = config.get('expected_sql') -%}
    {%- set tested = expected_rows[0].keys() | list if expected_rows else get_columns_in_query(sql) -%}
    {%- set typed = make_temp_relation(this.incorporate(type='table')) -%}
    {%- do run_query(get_create_table_as_sql(True, typed, get_empty_subquery_sql(sql))) -%}
    {%- set types = {} -%}
    {%- set quoted = {} -%}
    {%- for column in adapter.get_columns_in_relation(typed) -%}
        {%- do types.update({column.name | lower: column.data_type}) -%}
        {%- do quoted.update({column.name | lower: column.quoted}) -%}
    {%- endfor -%}
    {%- set names = [] -%}
    {%- for name in tested -%}
        {%- do names.append(quoted.get(name | lower, adapter.quote(name))) -%}
    {%- endfor -%}
    {%- set expected = expected_sql or get_expected_sql(expected_rows, types, quoted) -%}
    {%- set header = config.get('sql_header') if flags.REQUIRE_SQL_HEADER_IN_TEST_CONFIGS -%}
    {%- call statement('main', fetch_result=True) -%}
    {{ header or '' }}
    {{ get_unit_test_sql(sql, expected, names) }}
    {%- endcall -%}
    {%- do adapter.drop_relation(typed) -%}
    {{ return({'relations': []}) }}
{% endmaterialization %}
