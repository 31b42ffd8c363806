{#- Foreign keys keep a table from being replaced: what refers to it goes first. -#}

{% macro enforced_constraint_types() %}
    {%- set found = [] -%}
    {%- if (config.get('contract') or {}).get('enforced') -%}
        {%- for constraint in model.get('constraints') or [] -%}
            {%- do found.append(constraint.type | string) -%}
        {%- endfor -%}
        {%- for column in model.columns.values() -%}
            {%- for constraint in column.get('constraints') or [] -%}
                {%- do found.append(constraint.type | string) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{- return(found) -}}
{% endmacro %}

{% macro existing_constraint_types(relation) %}{{ return(adapter.existing_key_constraint_types(relation)) }}{% endmacro %}

{% macro has_foreign_key_constraints(relation=none) %}
    {%- if not adapter.catalog_supports_foreign_keys((relation or this).database) -%}{{- return(false) -}}{%- endif -%}
    {{- return('foreign_key' in enforced_constraint_types()
        or (relation is not none and 'foreign_key' in existing_constraint_types(relation))) -}}
{% endmacro %}

{% macro may_be_foreign_key_target(relation=none) %}
    {%- if not adapter.catalog_supports_foreign_keys((relation or this).database) -%}{{- return(false) -}}{%- endif -%}
    {%- set types = enforced_constraint_types() + (existing_constraint_types(relation) if relation is not none else []) -%}
    {{- return('primary_key' in types or 'unique' in types) -}}
{% endmacro %}

{#- Drops the tables that refer to this one, the farthest first, and returns them. Their DDL names no database: it must be the current one. -#}
{% macro drop_foreign_key_dependents(relation) %}
    {%- set query %}
    with recursive refers as (
      select lower(table_name) as child, lower(referenced_table) as parent
      from duckdb_constraints()
      where constraint_type = 'FOREIGN KEY'
        and lower(database_name) = '{{ relation.database | lower }}'
        and lower(schema_name) = '{{ relation.schema | lower }}'
    ),
    reached(child, steps) as (
      select child, 1 from refers where parent = '{{ relation.identifier | lower }}' and child <> parent
      union
      select refers.child, reached.steps + 1
      from reached
      join refers on refers.parent = reached.child and refers.child <> refers.parent
      where reached.steps < 1000
    )
    select child from reached group by child order by max(steps) desc, child
    {%- endset -%}
    {%- set dropped = [] -%}
    {%- set names = [] -%}
    {%- for row in run_query(query).rows if row[0] not in names -%}
        {%- set table = api.Relation.create(database=relation.database, schema=relation.schema, identifier=row[0], type='table') -%}
        {%- set copy = make_temp_relation(table, '__dbt_fk') -%}
        {%- set ddl = run_query("select sql from duckdb_tables() where lower(database_name) = lower('" ~ table.database
            ~ "') and lower(schema_name) = lower('" ~ table.schema ~ "') and lower(table_name) = lower('" ~ table.identifier ~ "')") -%}
        {%- do run_query('create temporary table ' ~ copy ~ ' as select * from ' ~ table) -%}
        {%- do adapter.drop_relation(table) -%}
        {%- do names.append(row[0]) -%}
        {%- do dropped.append({'relation': table, 'copy': copy, 'ddl': ddl.rows[0][0]}) -%}
    {%- endfor -%}
    {{- return(dropped) -}}
{% endmacro %}

{#- The nearest first, with the rows they had. -#}
{% macro restore_foreign_key_dependents(dropped) %}
    {%- for table in dropped | reverse -%}
        {%- do run_query(table.ddl) -%}
        {%- do run_query('insert into ' ~ table.relation ~ ' select * from ' ~ table.copy) -%}
        {%- do run_query('drop table ' ~ table.copy) -%}
    {%- endfor -%}
{% endmacro %}

{#- Returns what was dropped besides the relation, to be restored when it is there again. -#}
{% macro drop_relation_for_rebuild(relation) %}
    {%- set dropped = drop_foreign_key_dependents(relation) if adapter.catalog_supports_foreign_keys(relation.database) else [] -%}
    {%- do adapter.drop_relation(relation) -%}
    {{- return(dropped) -}}
{% endmacro %}

{#- An index keeps a table from being renamed. -#}
{% macro drop_indexes_on_relation(relation) -%}
    {%- set found = run_query("SELECT index_name FROM duckdb_indexes() WHERE database_name = '" ~ relation.database
        ~ "' AND schema_name = '" ~ relation.schema ~ "' AND table_name = '" ~ relation.identifier ~ "'") -%}
    {%- for row in found.rows -%}
        {%- do run_query('DROP INDEX "' ~ relation.database ~ '"."' ~ relation.schema ~ '"."' ~ row[0] ~ '"') -%}
    {%- endfor -%}
{%- endmacro %}
