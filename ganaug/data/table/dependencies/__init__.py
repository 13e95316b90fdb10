"""What holds between the columns of a table: found in the data, kept in what is made.

A dependency takes part in encoding and decoding: what it can compute is not left to a network.
"""

from typing import Annotated, TypeAlias

import pandas as pd
from pydantic import Field

from ganaug.data.table.dependencies.exclusions import Exclusions, find_exclusions
from ganaug.data.table.dependencies.functional import FunctionalDependency, find_functional
from ganaug.data.table.dependencies.one_hot import OneHotGroup, find_one_hot_groups
from ganaug.data.table.dependencies.orders import Orders, find_orders
from ganaug.data.table.dependencies.sums import Sum, find_sums

Dependency: TypeAlias = Annotated[
    FunctionalDependency | OneHotGroup | Orders | Exclusions | Sum, Field(discriminator="kind")
]


def find_dependencies(series: list[pd.Series]) -> list[Dependency]:
    """Look for dependencies that hold in all rows but few, and that independent columns would not show.

    Parameters
    ----------
    series : list of Series
        The columns of a table, not sparse.

    Returns
    -------
    list of dependencies
        To be restored in this order. No column is computed by two.
    """
    if len(series) < 2:
        return []
    groups = find_one_hot_groups(series)
    taken = {i for group in groups for i in group.columns}
    functional = find_functional(series, taken)
    taken |= {found.column for found in functional}
    sums = find_sums(series, taken | {found.by for found in functional})
    orders = find_orders(series, taken | {found.total for found in sums})
    return [*groups, *orders, *find_exclusions(series, taken), *functional, *sums]
