"""The dependencies that handlers name: the ports, the signed-in person, the institution that signed."""

from litestar.di import NamedDependency

from backend.platform.callers import Caller, Signer
from backend.platform.platform import Platform

ThePlatform = NamedDependency[Platform]
TheCaller = NamedDependency[Caller]
TheSigner = NamedDependency[Signer]
