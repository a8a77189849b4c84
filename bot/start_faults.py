"""Why the bot cannot start or cannot be reached, in one sentence for the administrator that says how to mend it."""

import errno
import socket
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from bot.app import AlreadyRunning
from bot.control import Refused
from bot.recipients import RecipientsError
from bot.roster_file import RosterError
from models.store import DatabaseDamaged

BIND = {
    errno.EADDRINUSE: "端口已被占用，请换一个端口，或停掉占用它的程序",
    errno.EADDRNOTAVAIL: "这台机器没有这个地址，请核对",
    errno.EACCES: "没有权限用这个端口，请换一个1024以上的",
}
FILES = {
    errno.EACCES: "没有权限，请核对它归谁所有",
    errno.EPERM: "没有权限，请核对它归谁所有",
    errno.EROFS: "磁盘是只读的，请换一个目录",
    errno.ENOSPC: "磁盘已满，请先腾出空间",
    errno.EEXIST: "已有同名文件，请换一个目录",
    errno.ENOTDIR: "不是目录，请核对路径",
    errno.ENOENT: "建不了，请核对路径",
}


def sentence(fault: BaseException, *, listen: str, folder: Path | None) -> str | None:
    """One of the faults that a start can meet, in words; None for anything else, which is a bug and keeps its trace.

    `listen` is the address meant, `folder` the data folder, if there is one to name.
    """
    match fault:
        case AlreadyRunning() | RecipientsError() | Refused():
            return str(fault)
        case RosterError():
            return "名单没有导入，请改好再试：\n" + "\n".join(fault.faults)
        case DatabaseDamaged():
            return f"数据库文件已损坏（{fault}），请停用并从最近的备份恢复"
        case SQLAlchemyError():
            return f"数据库打不开（{_kind(fault)}），请检查 [database] url 和数据目录的权限"
        case OSError():
            return _system(fault, listen, folder)
    if type(fault).__module__.startswith("asyncpg"):  # a refused log-in comes out of SQLAlchemy as it is
        return f"数据库打不开（{_kind(fault)}），请检查 [database] url 里的用户、密码和库名"
    return None


def _kind(fault: BaseException) -> str:
    return type(getattr(fault, "orig", None) or fault).__name__


def _system(fault: OSError, listen: str, folder: Path | None) -> str:
    """A file names itself; of the two addresses only the one listened on can be in use or not be ours."""
    if fault.filename is not None:
        return f"{fault.filename}：{FILES.get(fault.errno or 0) or fault.strerror}"
    if fault.errno == errno.ENOSPC:
        return f"{folder or '数据目录'}：{FILES[errno.ENOSPC]}"
    if "bind" in str(fault) or fault.errno in {errno.EADDRINUSE, errno.EADDRNOTAVAIL}:
        return f"监听 {listen} 失败：{BIND.get(fault.errno or 0) or fault.strerror}"
    if isinstance(fault, socket.gaierror):
        return f"解析不了地址：请检查 [web] listen（{listen}）和 [database] url"
    return "数据库连不上：请检查 [database] url 的地址和端口，并确认数据库在运行"
