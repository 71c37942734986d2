from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Text
from piccolo.columns.indexes import IndexMethod

ID = "2026-11-27T05:03:48:680184"
VERSION = "1.38.0"
DESCRIPTION = "pseudonyms of contracts"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="xinyi", description=DESCRIPTION
    )

    manager.add_column(
        table_class_name="DepositOrder",
        tablename="deposit_order",
        column_name="ppid",
        db_column_name="ppid",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    return manager
