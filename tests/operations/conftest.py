"""The server and the browser of the pages' tests."""

from tests.pages.conftest import address as address
