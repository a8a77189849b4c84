"""Files are told by what is in them, whatever they are called; what a double click would run, or hides others, is refused."""

import io
import stat
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.attachments import KINDS, LARGEST, FileRefused, _shown, check, keep, path_of

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
MP4, MOV = b"\0\0\0\x18ftypmp42" + bytes(64), b"\0\0\0\x14ftypqt  " + bytes(64)


def archive(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return out.getvalue()


def office(folder, *more):
    return archive("[Content_Types].xml", f"{folder}/document.xml", *more)


TAKEN = {
    "pdf": (b"%PDF-1.7\n", "总结.pdf", "总结.pdf"),
    "docx": (office("word"), "总结.docx", "总结.docx"),
    "xlsx": (office("xl"), "报表.xlsx", "报表.xlsx"),
    "pptx": (office("ppt"), "汇报.pptx", "汇报.pptx"),
    "ofd": (archive("OFD.xml", "Doc_0/Document.xml"), "公文.ofd", "公文.ofd"),
    "doc": (OLE, "旧.doc", "旧.doc"),
    "wps": (OLE, "方案.WPS", "方案.WPS"),
    "txt": ("你好\n".encode("gb18030"), "说明.txt", "说明.txt"),
    "csv": ("单位,数\n".encode(), "表.csv", "表.csv"),
    "mp4": (MP4, "视频", "视频.mp4"),
    "mov": (MOV, "IMG_1.MOV", "IMG_1.MOV"),
    "a pdf under another name": (b"%PDF-1.4\n", "总结.exe", "总结.exe.pdf"),
    "a word file without a name": (office("word"), "", "文件.docx"),
}


@pytest.mark.parametrize("name", TAKEN)
async def test_what_offices_send_is_taken_as_what_it_is(name):
    data, title, shown = TAKEN[name]
    file = await check(data, title)
    assert (file.title, file.data) == (shown, data) and shown.lower().endswith(f".{file.kind}") and file.kind in KINDS


REFUSED = {
    "nothing": (b"", "空.pdf", "空"),
    "a program": (b"MZ\x90\0" + bytes(100), "总结.pdf", "只收"),
    "a script": (b"#!/bin/sh\nrm -rf /\n", "总结.sh", "只收"),
    "a page": (b"<html><script>", "总结.html", "只收"),
    "an archive": (archive("a.docx", "b.exe"), "材料.zip", "压缩包"),
    "an archive called a word file": (archive("setup.exe"), "总结.docx", "压缩包"),
    "a rar": (b"Rar!\x1a\x07\0", "材料.rar", "压缩包"),
    "a macro": (office("word", "word/vbaProject.bin"), "总结.docx", "宏"),
    "an old macro": (OLE + "_VBA_PROJECT".encode("utf-16-le"), "表.xls", "宏"),
    "a broken archive": (b"PK\x03\x04" + bytes(40), "总结.docx", "损坏"),
    "an installer": (OLE, "setup.msi", "只收"),
    "a picture format nobody opens": (b"\0\0\0\x18ftypheic" + bytes(64), "照片.heic", "只收"),
    "text with a zero": (b"a\0b", "x.txt", "只收"),
    "too much": (b"%PDF-" + bytes(LARGEST), "大.pdf", "20兆"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_could_run_or_hide_is_refused_in_words(name):
    data, title, why = REFUSED[name]
    with pytest.raises(FileRefused) as refused:
        await check(data, title)
    assert why in refused.value.reason


@given(st.binary(max_size=300), st.text(max_size=300))
def test_no_bytes_and_no_name_raise_anything_but_a_refusal(data, title):
    import asyncio

    try:
        file = asyncio.run(check(data, title))
    except FileRefused:
        return
    assert file.kind in KINDS


@given(st.text(max_size=300))
def test_a_shown_name_is_short_and_leads_nowhere(title):
    shown = _shown(title)
    assert len(shown) <= 80 and not set(shown) & set("/\\\0\n\u202e") and shown not in (".", "..")


async def test_a_file_is_kept_once_under_its_hash_and_cannot_be_run(tmp_path):
    """M-07: the name is the content's, the title is only shown."""
    file = await check(b"%PDF-1.7\n", "../../etc/总结.pdf")
    name = await keep(file, tmp_path)
    assert name == await keep(file, tmp_path) == f"{file.sha256}.pdf" and file.title == "总结.pdf"
    path = path_of(tmp_path, name)
    assert path.read_bytes() == file.data and not path.stat().st_mode & (stat.S_IXUSR | stat.S_IRWXO)
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [path]


@pytest.mark.parametrize(
    "name", ["../x.pdf", "a" * 64 + ".exe", "a" * 64 + ".jpg", "a" * 64 + ".pdf\0", "A" * 64 + ".pdf"]
)
def test_a_name_from_outside_leads_only_to_kept_files(tmp_path, name):
    assert path_of(tmp_path, name) is None
