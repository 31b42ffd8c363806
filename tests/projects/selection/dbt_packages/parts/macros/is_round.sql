{% test is_round(model, column_name) %}select * from {{ model }} where {{ column_name }} % 1 <> 0{% endtest %}
