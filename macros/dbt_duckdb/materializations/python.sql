{#- The script of a Python model on DuckDB: runs the model and loads what it returns. -#}

{% macro py_write_table(temporary, relation, compiled_code, partitioned_by=none, sorted_by=none) -%}
    {%- set place = relation.include(database=not temporary, schema=not temporary) -%}
{{ compiled_code }}


def materialize(df, con):
    # DuckDB finds `df` by its name, whatever kind of data frame it is.
    con.execute('create {{ 'temporary ' if temporary }}table {{ place }} as select * from df limit 0')
    {%- if partitioned_by %}
    con.execute('alter table {{ relation }} set partitioned by ({{ partitioned_by }})')
    {%- endif %}
    {%- if sorted_by %}
    con.execute('alter table {{ relation }} set sorted by ({{ sorted_by }})')
    {%- endif %}
    con.execute('insert into {{ place }} by name select * from df')
{% endmacro %}
