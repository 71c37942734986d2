"""Piccolo's configuration: one application, whose engine is set when migrations run (`backend.schema`)."""

from piccolo.conf.apps import AppRegistry
from piccolo.engine.base import Engine

DB: Engine | None = None

APP_REGISTRY = AppRegistry(apps=["backend.piccolo_app"])
