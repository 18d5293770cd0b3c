"""A “where” as its author wrote it and the rows of a table go in; the condition on each row comes out."""

from __future__ import annotations

import ibis.expr.types as ir
from pydantic import TypeAdapter, ValidationError

from relance.audiences.conditions import RowCriteria
from relance.audiences.scope import personal_in, row_test
from relance.base.errors import BadDocument
from relance.customers.tables import Table
from relance.scenarios.fields import Where


def row_condition(where: Where, rows: ir.Table, table: Table) -> ir.BooleanValue:
    """The condition on one row of the trigger's table, by its open columns."""
    try:
        condition: RowCriteria = TypeAdapter(RowCriteria).validate_python(where)
    except ValidationError as error:
        raise BadDocument(f"the trigger’s “where” is not a condition on rows: {error.errors()[0]['msg']}") from None
    if personal := personal_in(table, condition):
        raise BadDocument(f"a trigger’s “where” cannot read the personal column “{min(personal)}”; ask it in target")
    return row_test(condition, rows, table, None)
