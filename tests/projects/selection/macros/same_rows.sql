{% test same_rows(model, other) %}select * from {{ model }} except select * from {{ other }}{% endtest %}
