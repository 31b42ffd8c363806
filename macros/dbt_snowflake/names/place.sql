{#- Names on Snowflake; a catalog-linked database has its own, and takes lower-case schemas only. -#}

{% macro snowflake__generate_database_name(custom_database_name=none, node=none) -%}
    {%- if custom_database_name is none and snowflake__is_catalog_linked_database(relation=node) -%}
        {{ return(adapter.build_catalog_relation(node).catalog_linked_database) }}
    {%- endif -%}
    {{ return(default__generate_database_name(custom_database_name, node)) }}
{%- endmacro %}

{% macro snowflake__generate_schema_name(custom_schema_name, node) -%}
    {%- set name = default__generate_schema_name(custom_schema_name, node) -%}
    {{ return(name | lower if snowflake__is_catalog_linked_database(relation=node) else name) }}
{%- endmacro %}

{#- Asked with a node, or with what `build_catalog_relation` made of it. -#}
{% macro snowflake__is_catalog_linked_database(relation=none, catalog_relation=none) -%}
    {%- if catalog_relation is none and relation is not none and relation is mapping and relation.get('config') -%}
        {%- set catalog_relation = adapter.build_catalog_relation(relation) -%}
    {%- endif -%}
    {%- if not catalog_relation -%}{{ return(false) }}{%- endif -%}
    {{ return(catalog_relation.catalog_linked_database is defined and catalog_relation.catalog_linked_database and true or false) }}
{%- endmacro %}
