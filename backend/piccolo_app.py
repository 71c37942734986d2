"""The one Piccolo application: all tables of all rooms, one line of migrations."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from backend.rooms import TABLES

APP_CONFIG = AppConfig(
    app_name="xinyi", migrations_folder_path=Path(__file__).parent / "migrations", table_classes=list(TABLES)
)
