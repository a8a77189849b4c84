"""Who is behind a B角 or 负责人 cell of the roster: 张三, 张三（zhangsan）, 张三 zhangsan 13800000000."""

import re
from dataclasses import dataclass

_MOBILE = re.compile(r"(?<!\d)1\d{10}(?!\d)")
_ACCOUNT = re.compile(r"(?<![A-Za-z0-9_\-.])[A-Za-z][A-Za-z0-9_\-.]{0,63}")
_AROUND = " 　（）()、，,;；:：/"


@dataclass(frozen=True)
class Contact:
    """`account` is empty where the cell has only a name: such a person can be telephoned, not written to."""

    name: str
    account: str
    mobile: str


def read_contact(cell: str) -> Contact:
    mobile = _MOBILE.search(cell)
    rest = _MOBILE.sub(" ", cell)
    account = _ACCOUNT.search(rest)
    name = _ACCOUNT.sub(" ", rest, count=1).strip(_AROUND)
    return Contact(
        name=name or (account[0] if account else ""),
        account=account[0].lower() if account else "",
        mobile=mobile[0] if mobile else "",
    )
