"""An adapter: whatever turns an instruction into a verdict. Usually a command, started once for each scene."""

import json
import os
import subprocess
from collections.abc import Callable, Sequence

import msgspec

from partners.sdk.conformance.contract import Instruction, Verdict

TIME_LIMIT_SECONDS = 30

Adapter = Callable[[Instruction], Verdict]

_OF_STDERR = 200


class AdapterFailed(Exception):
    """The adapter gave no verdict; the text says what it did instead."""


def command(words: Sequence[str]) -> Adapter:
    """An adapter that is a command: the instruction on its standard input, the verdict on its standard output.

    Raises AdapterFailed when it cannot be started, does not end within 30 seconds, ends with another code than 0, or says
    something that is no verdict.
    """
    # A proxy of the machine must not stand between the integration and the loopback address.
    environment = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}

    def ask(instruction: Instruction) -> Verdict:
        try:
            done = subprocess.run(  # noqa: S603 - the partner's own command, typed by the partner
                list(words), input=msgspec.json.encode(instruction), capture_output=True, env=environment,
                timeout=TIME_LIMIT_SECONDS, check=False,
            )  # fmt: skip
        except OSError as failure:
            raise AdapterFailed(f"{words[0]}: {failure.strerror}") from None
        except subprocess.TimeoutExpired:
            raise AdapterFailed(f"no verdict within {TIME_LIMIT_SECONDS} s") from None
        if done.returncode != 0:
            raise AdapterFailed(f"exit code {done.returncode}: {_end(done.stderr)}")
        return read_verdict(done.stdout)

    return ask


def read_verdict(said: bytes) -> Verdict:
    """The verdict in what an adapter said. Raises AdapterFailed."""
    try:
        return msgspec.json.decode(said, type=Verdict)
    except msgspec.ValidationError as failure:
        raise AdapterFailed(f"not a verdict: {failure}") from None
    except ValueError:
        raise AdapterFailed(f"not one JSON object: {json.dumps(_end(said), ensure_ascii=False)}") from None


def _end(output: bytes) -> str:
    return output.decode("utf-8", "replace").strip()[-_OF_STDERR:]
